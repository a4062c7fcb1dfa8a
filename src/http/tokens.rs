//! Bearer tokens: who is behind one.

use axum::http::{HeaderMap, header};
use serde_json::Value;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::oauth::{self, Resource};
pub use super::{
    oauth::Unfit,
    refusal::{Challenge, Refusal, Refused},
};
use crate::{mcp::Server, sessions::Principal};

/// The longest token that is looked at, in bytes.
const LONGEST: usize = 8192;

/// Who is let in.
pub enum Door {
    /// Everybody, as this grant.
    Open(String),
    /// Whoever has this token, as this grant.
    One(String, [u8; 32]),
    /// Whoever has the token of a grant of the policy that is in force.
    Grants(Box<Grants>),
}

/// The grants of the policy that is in force.
pub struct Grants {
    server: Server,
    resource: Resource,
}

impl Door {
    /// The door of the grants of a server's policy.
    pub fn of(server: Server) -> Self {
        let resource = Resource::new(server.clock().clone());
        Self::Grants(Box::new(Grants { server, resource }))
    }

    /// Who makes a request.
    ///
    /// # Errors
    /// When there is no token, or it is nobody's.
    pub async fn open(&self, headers: &HeaderMap) -> Result<Principal, Refusal> {
        match self {
            Self::Open(grant) => Ok(Principal::of(grant)),
            Self::One(grant, known) => match bearer(headers) {
                Ok(token) if same(known, &digest(token)) => Ok(Principal::of(grant)),
                Ok(_) => Err(Refused::Unknown.into()),
                Err(refused) => Err(refused.into()),
            },
            Self::Grants(grants) => grants.open(headers).await,
        }
    }

    /// What anybody is told at a path, without a token.
    pub fn tells(&self, path: &str) -> Option<Value> {
        match self {
            Self::Open(_) | Self::One(..) => None,
            Self::Grants(grants) => oauth::document(&grants.server.policy(), path),
        }
    }
}

impl Grants {
    async fn open(&self, headers: &HeaderMap) -> Result<Principal, Refusal> {
        let policy = self.server.policy();
        let found = async {
            let token = bearer(headers)?;
            if let Some(grant) = self.server.grant_of_token(&digest(token)) {
                return Ok(Principal::of(&grant));
            }
            match policy.oauth() {
                // Tokens of grants have no dots.
                Some(oauth) if token.contains('.') => {
                    self.resource.principal(&policy, oauth, token).await
                }
                _ => Err(Refused::Unknown),
            }
        };
        found.await.map_err(|refused| {
            self.server.turned_away(refused.name());
            Refusal {
                refused,
                challenge: oauth::challenge(&policy),
            }
        })
    }
}

/// What is kept of a token.
pub fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// Whether two digests are the same, in a time that tells nothing.
pub fn same(one: &[u8; 32], other: &[u8; 32]) -> bool {
    one.ct_eq(other).into()
}

fn bearer(headers: &HeaderMap) -> Result<&str, Refused> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = match (values.next(), values.next()) {
        (None, _) => return Err(Refused::Missing),
        (Some(value), None) => value.to_str().map_err(|_| Refused::Malformed)?,
        (Some(_), Some(_)) => return Err(Refused::Malformed),
    };
    let (scheme, token) = value.split_once(' ').ok_or(Refused::Malformed)?;
    let token = token.trim();
    let is_one = !token.is_empty() && token.len() <= LONGEST && !token.contains(' ');
    if scheme.eq_ignore_ascii_case("bearer") && is_one {
        Ok(token)
    } else {
        Err(Refused::Malformed)
    }
}

//! Bearer tokens: who is behind one, and what is said to who has none.

use std::sync::Arc;

use axum::{
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{Principal, refuse};

/// The longest token that is looked at, in bytes.
const LONGEST: usize = 4096;

/// Finds the grant of a token's digest.
pub type Find = Arc<dyn Fn(&[u8; 32]) -> Option<String> + Send + Sync>;

/// Who is let in.
#[derive(Clone)]
pub enum Door {
    /// Everybody, as this grant.
    Open(String),
    /// Whoever has this token, as this grant.
    One(String, [u8; 32]),
    /// Whoever has the token of a grant.
    Grants(Find),
}

/// Why somebody is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// There is no token.
    Missing,
    /// The header cannot be read.
    Malformed,
    /// It is nobody's, or no longer anybody's.
    Unknown,
}

impl Door {
    /// Who makes a request.
    ///
    /// # Errors
    /// When there is no token, or it is nobody's.
    pub fn open(&self, headers: &HeaderMap) -> Result<Principal, Refused> {
        if let Self::Open(grant) = self {
            return Ok(Principal {
                grant: grant.clone(),
            });
        }
        let digest = digest(bearer(headers)?);
        let grant = match self {
            Self::Open(grant) => Some(grant.clone()),
            Self::One(grant, known) => same(known, &digest).then(|| grant.clone()),
            Self::Grants(find) => find(&digest),
        };
        grant
            .map(|grant| Principal { grant })
            .ok_or(Refused::Unknown)
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

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let (status, challenge, reason) = match self {
            Self::Missing => (
                StatusCode::UNAUTHORIZED,
                "Bearer realm=\"whatsapp-guard\"",
                "a token is needed: Authorization: Bearer …",
            ),
            Self::Malformed => (
                StatusCode::BAD_REQUEST,
                "Bearer realm=\"whatsapp-guard\", error=\"invalid_request\"",
                "the Authorization header cannot be read; it takes: Bearer …",
            ),
            Self::Unknown => (
                StatusCode::UNAUTHORIZED,
                "Bearer realm=\"whatsapp-guard\", error=\"invalid_token\"",
                "the token is not known, or is over",
            ),
        };
        let mut response = refuse(status, reason);
        let value = header::HeaderValue::from_static(challenge);
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, value);
        response
    }
}

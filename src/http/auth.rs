//! Authenticates requests by their bearer token.

use axum::http::{HeaderMap, header};
use serde_json::Value;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::oauth::{self, TokenVerifier};
pub use super::{
    oauth::TokenError,
    rejection::{AuthError, AuthRejection, Challenge},
};
use crate::{mcp::Server, sessions::Principal};

/// The longest token that is accepted, in bytes.
const MAX_TOKEN_BYTES: usize = 8192;

/// How requests are authenticated.
pub enum Authenticator {
    /// Every request has this grant, without a token.
    Anonymous(String),
    /// Requests with one token, of which this is the SHA-256, have this grant.
    SharedToken(String, [u8; 32]),
    /// The grants of the policy that is in force have tokens or scopes.
    Grants(Box<GrantTokens>),
}

/// The grants of a server's policy.
pub struct GrantTokens {
    server: Server,
    verifier: TokenVerifier,
}

impl Authenticator {
    /// Authenticates by the grants of a server's policy.
    pub fn for_grants(server: Server) -> Self {
        let verifier = TokenVerifier::new(server.clock().clone());
        Self::Grants(Box::new(GrantTokens { server, verifier }))
    }

    /// The principal of the request with these headers.
    ///
    /// # Errors
    /// If a token is required and is missing or invalid.
    pub async fn authenticate(&self, headers: &HeaderMap) -> Result<Principal, AuthRejection> {
        match self {
            Self::Anonymous(grant) => Ok(Principal::of(grant)),
            Self::SharedToken(grant, expected) => {
                let token = digest(bearer_token(headers)?);
                // In constant time, so that timing reveals nothing of the digest.
                if expected.ct_eq(&token).into() {
                    Ok(Principal::of(grant))
                } else {
                    Err(AuthError::UnknownToken.into())
                }
            }
            Self::Grants(grants) => grants.authenticate(headers).await,
        }
    }

    /// The document at a path that is public: the protected resource metadata.
    pub fn public_document(&self, path: &str) -> Option<Value> {
        match self {
            Self::Anonymous(_) | Self::SharedToken(..) => None,
            Self::Grants(grants) => oauth::metadata_document(&grants.server.policy(), path),
        }
    }
}

impl GrantTokens {
    async fn authenticate(&self, headers: &HeaderMap) -> Result<Principal, AuthRejection> {
        let policy = self.server.policy();
        let principal = async {
            let token = bearer_token(headers)?;
            if let Some(grant) = self.server.grant_of_token(&digest(token)) {
                return Ok(Principal::of(&grant));
            }
            match policy.oauth() {
                // A JWT has dots; tokens of grants have none.
                Some(oauth) if token.contains('.') => {
                    self.verifier.verify(&policy, oauth, token).await
                }
                _ => Err(AuthError::UnknownToken),
            }
        };
        principal.await.map_err(|error| {
            let (label, _) = error.parts();
            self.server.turned_away(label);
            AuthRejection {
                error,
                challenge: oauth::challenge(&policy),
            }
        })
    }
}

/// The SHA-256 of a token, which is stored instead of the token.
pub fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

fn bearer_token(headers: &HeaderMap) -> Result<&str, AuthError> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next().ok_or(AuthError::MissingToken)?;
    if values.next().is_some() {
        return Err(AuthError::MalformedHeader);
    }
    let value = value.to_str().map_err(|_| AuthError::MalformedHeader)?;
    let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        // RFC 6750, section 3.1: no authentication of this kind was tried.
        return Err(AuthError::MissingToken);
    }
    let token = token.trim();
    if (1..=MAX_TOKEN_BYTES).contains(&token.len()) && !token.contains(' ') {
        Ok(token)
    } else {
        Err(AuthError::MalformedHeader)
    }
}

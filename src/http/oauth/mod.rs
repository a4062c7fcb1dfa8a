//! Verifies the access tokens of an authorization server. This server is the protected
//! resource.
//!
//! A token is verified for each request and is not passed on: the gate gets the grant
//! of its scopes, and the session table the digest of its subject.

mod fetch_keys;
mod jwks;
mod jwt;
mod key_cache;
mod metadata;

use std::{sync::Arc, time::Duration};

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::auth::{AuthError, Challenge};
use crate::{
    clock::Clock,
    policy::{OAuth, Policy},
    sessions::Principal,
};
use jwt::Jwt;
use key_cache::KeyCache;

/// How long a client waits before it tries again when the keys are unavailable.
pub(super) const KEY_RETRY_INTERVAL: Duration = key_cache::RETRY_INTERVAL;

/// Why a token is invalid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenError {
    /// It is not an access token in JWT format.
    NotJwt,
    /// The policy does not accept its signature algorithm.
    WrongAlgorithm,
    /// Another issuer made it.
    WrongIssuer,
    /// It is for another audience.
    WrongAudience,
    /// It has expired.
    Expired,
    /// It is not valid yet.
    NotYetValid,
    /// It is bound to a key of the client (RFC 7800).
    SenderConstrained,
    /// Not exactly one key of the issuer matches it.
    UnknownKey,
    /// Its signature is wrong.
    WrongSignature,
}

impl TokenError {
    /// The label in the metrics, and the message, which is ASCII without quotes.
    pub(super) const fn parts(self) -> (&'static str, &'static str) {
        match self {
            Self::NotJwt => ("form", "the token is not an access token in JWT format"),
            Self::WrongAlgorithm => (
                "algorithm",
                "the signature algorithm of the token is not accepted",
            ),
            Self::WrongIssuer => ("issuer", "the token is from another issuer"),
            Self::WrongAudience => ("audience", "the token is for another audience"),
            Self::Expired => ("expired", "the token has expired; request a new one"),
            Self::NotYetValid => ("not-yet", "the token is not valid yet"),
            Self::SenderConstrained => (
                "bound",
                "the token is bound to a client key; request a plain bearer token",
            ),
            Self::UnknownKey => ("key", "no single key of the issuer matches the token"),
            Self::WrongSignature => ("signature", "the signature of the token is wrong"),
        }
    }
}

/// Verifies tokens against the authorization server of the policy.
pub(super) struct TokenVerifier {
    clock: Clock,
    keys: Arc<KeyCache>,
}

impl TokenVerifier {
    pub(super) fn new(clock: Clock) -> Self {
        let keys = Arc::new(KeyCache::new(clock.clone()));
        Self { clock, keys }
    }

    /// The principal of a valid token whose scopes belong to one grant.
    ///
    /// # Errors
    /// If the token is invalid, its keys are unavailable, or its scopes belong to no
    /// grant or to several.
    pub(super) async fn verify(
        &self,
        policy: &Policy,
        oauth: &OAuth,
        token: &str,
    ) -> Result<Principal, AuthError> {
        let token = Jwt::parse(token, oauth).map_err(AuthError::InvalidToken)?;
        let now = self.clock.timestamp().as_duration().as_secs_f64();
        // Before keys are fetched, so that tokens for other servers cause no fetch.
        token
            .validate(oauth, now)
            .map_err(AuthError::InvalidToken)?;
        let (kid, algorithm) = (token.kid.as_deref(), token.algorithm);
        let keys = self.keys.get(oauth, |keys| keys.has(kid, algorithm)).await;
        let keys = keys.ok_or(AuthError::KeysUnavailable)?;
        keys.verify(kid, algorithm, token.signed.as_bytes(), &token.signature)
            .map_err(AuthError::InvalidToken)?;
        match policy.grants_of_scopes(&token.scopes()).as_slice() {
            [] => Err(AuthError::NoGrant),
            [grant] => Ok(Principal {
                grant: (*grant).to_owned(),
                subject: Some(subject_digest(&oauth.issuer.text, token.subject())),
            }),
            _ => Err(AuthError::SeveralGrants),
        }
    }
}

/// A digest that identifies a subject of an issuer.
fn subject_digest(issuer: &str, subject: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update((issuer.len() as u64).to_be_bytes());
    hash.update(issuer.as_bytes());
    hash.update(subject.as_bytes());
    hash.finalize().into()
}

/// Where clients get a token. `None` if the policy has no authorization server.
pub(super) fn challenge(policy: &Policy) -> Option<Challenge> {
    policy.oauth().map(|oauth| Challenge {
        metadata: metadata::url(oauth).into(),
        scopes: metadata::scopes(policy),
    })
}

/// The protected resource metadata, if it is served at this path.
pub(super) fn metadata_document(policy: &Policy, path: &str) -> Option<Value> {
    let oauth = policy.oauth()?;
    metadata::is_served_at(oauth, path).then(|| metadata::document(policy, oauth))
}

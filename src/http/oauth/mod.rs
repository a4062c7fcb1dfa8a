//! Tokens of an authorization server: this server is the resource that they are for.
//!
//! A token is looked at for each request and goes no further: the gate knows the grant
//! that its scopes lead to, and a session the digest of whom it is about.

mod fetch;
mod jwks;
mod jwt;
mod keys;
mod metadata;

use std::{sync::Arc, time::Duration};

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::tokens::{Challenge, Refused};
use crate::{
    clock::Clock,
    policy::{OAuth, Policy},
    sessions::Principal,
};
use jwt::Jwt;
use keys::Keys;

/// After how long it is worth trying again where keys could not be had.
pub(super) const RETRY: Duration = keys::RETRY;

/// What is wrong with a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfit {
    /// It is no access token.
    Form,
    /// It is signed in a way that is not taken.
    Algorithm,
    /// Somebody else made it.
    Issuer,
    /// It is for somebody else.
    Audience,
    /// It is over.
    Expired,
    /// It is not good yet.
    Early,
    /// It is bound to a key that nothing here asks for.
    Bound,
    /// Its key is not among the issuer's.
    Key,
    /// The signature is not its issuer's.
    Signature,
}

impl Unfit {
    /// Its name in the metrics.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Form => "form",
            Self::Algorithm => "algorithm",
            Self::Issuer => "issuer",
            Self::Audience => "audience",
            Self::Expired => "expired",
            Self::Early => "not-yet",
            Self::Bound => "bound",
            Self::Key => "key",
            Self::Signature => "signature",
        }
    }

    /// What is wrong, in words of ASCII without quotes.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Form => "this is no access token in the form of a JWT",
            Self::Algorithm => "the token is signed in a way that this server does not take",
            Self::Issuer => "the token is of another issuer",
            Self::Audience => "the token is for another audience",
            Self::Expired => "the token has expired",
            Self::Early => "the token is not valid yet",
            Self::Bound => "the token is bound to a key, and this server takes bearer tokens only",
            Self::Key => "the key of the token is not among those of its issuer",
            Self::Signature => "the signature of the token is wrong",
        }
    }
}

/// Holds tokens against the policy's authorization server.
pub(super) struct Resource {
    clock: Clock,
    keys: Arc<Keys>,
}

impl Resource {
    pub(super) fn new(clock: Clock) -> Self {
        let keys = Arc::new(Keys::new(clock.clone()));
        Self { clock, keys }
    }

    /// Whom a token leads to.
    ///
    /// # Errors
    /// Why it leads to nobody.
    pub(super) async fn principal(
        &self,
        policy: &Policy,
        oauth: &OAuth,
        token: &str,
    ) -> Result<Principal, Refused> {
        let token = Jwt::read(token, oauth).map_err(Refused::Unfit)?;
        let now = self.clock.timestamp().as_duration().as_secs_f64();
        // Before keys are fetched, so that what is not for this server costs nothing.
        token.fits(oauth, now).map_err(Refused::Unfit)?;
        let (kid, algorithm) = (token.kid.as_deref(), token.algorithm);
        let keys = self.keys.with(oauth, |keys| keys.has(kid, algorithm)).await;
        let keys = keys.map_err(|_| Refused::Unavailable)?;
        keys.verify(kid, algorithm, token.signed.as_bytes(), &token.signature)
            .map_err(Refused::Unfit)?;
        match policy.grants_of_scopes(&token.scopes()).as_slice() {
            [] => Err(Refused::Scope),
            [grant] => Ok(Principal {
                grant: (*grant).to_owned(),
                subject: Some(subject(&oauth.issuer.text, token.subject())),
            }),
            _ => Err(Refused::Scopes),
        }
    }
}

/// What is kept of whom a token is about.
fn subject(issuer: &str, subject: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update((issuer.len() as u64).to_be_bytes());
    hash.update(issuer.as_bytes());
    hash.update(subject.as_bytes());
    hash.finalize().into()
}

/// What is said to who has no good token.
pub(super) fn challenge(policy: &Policy) -> Option<Challenge> {
    policy.oauth().map(|oauth| Challenge {
        metadata: metadata::address(oauth).into(),
        scopes: metadata::scopes(policy),
    })
}

/// What clients are told at a path, if it is the one for that.
pub(super) fn document(policy: &Policy, path: &str) -> Option<Value> {
    let oauth = policy.oauth()?;
    metadata::is_at(oauth, path).then(|| metadata::document(policy, oauth))
}

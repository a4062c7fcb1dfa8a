//! The authorization server whose tokens are taken.

use std::collections::BTreeSet;

use url::Url;

use super::{Policy, RuleLocation};
use crate::net::is_loopback;

/// What a policy says of tokens that somebody else makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OAuth {
    /// Who makes them.
    pub issuer: Address,
    /// Whom they have to be made for: this server, as its clients write it.
    pub audience: Address,
    /// Where the issuer's keys are; its metadata says so when left out.
    pub jwks_uri: Option<Address>,
    /// How they may be signed.
    pub algorithms: Vec<Algorithm>,
    /// Where it stands.
    pub rule: RuleLocation,
}

/// An address that may be called with what is secret: `https`, or this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// As it was written: issuers and audiences are compared byte for byte.
    pub text: String,
    /// As it is called.
    pub url: Url,
}

impl Address {
    /// Reads an address without user, query and fragment.
    pub fn new(text: &str) -> Option<Self> {
        Self::with_query(text).filter(|address| address.url.query().is_none())
    }

    /// Reads an address that may have a query.
    pub fn with_query(text: &str) -> Option<Self> {
        // It is written into headers, between quotes.
        let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\');
        let url = Url::parse(text).ok()?;
        let bare =
            url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        (text.bytes().all(plain) && bare && is_safe(&url)).then(|| Self {
            text: text.to_owned(),
            url,
        })
    }
}

/// Whether nobody on the way can read or change what is sent.
fn is_safe(url: &Url) -> bool {
    match url.scheme() {
        "https" => url.has_host(),
        "http" => is_loopback(url),
        _ => false,
    }
}

/// A way to sign with a key that only the signer has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// RSA with PKCS #1 padding and SHA-256.
    Rs256,
    /// RSA with PKCS #1 padding and SHA-384.
    Rs384,
    /// RSA with PKCS #1 padding and SHA-512.
    Rs512,
    /// RSA with PSS padding and SHA-256.
    Ps256,
    /// RSA with PSS padding and SHA-384.
    Ps384,
    /// RSA with PSS padding and SHA-512.
    Ps512,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// Ed25519, by its older name.
    EdDsa,
}

impl Algorithm {
    /// All of them, with their names in tokens.
    pub const NAMES: [(&str, Self); 9] = [
        ("RS256", Self::Rs256),
        ("RS384", Self::Rs384),
        ("RS512", Self::Rs512),
        ("PS256", Self::Ps256),
        ("PS384", Self::Ps384),
        ("PS512", Self::Ps512),
        ("ES256", Self::Es256),
        ("ES384", Self::Es384),
        ("EdDSA", Self::EdDsa),
    ];

    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        let found = Self::NAMES.iter().find(|(known, _)| *known == name);
        found.map(|(_, algorithm)| *algorithm)
    }
}

impl Policy {
    /// The authorization server whose tokens are taken, if any.
    pub fn oauth(&self) -> Option<&OAuth> {
        self.oauth.as_ref()
    }

    /// Every scope that leads to a caller, once.
    pub fn scopes(&self) -> BTreeSet<&str> {
        let grants = self.grants.values();
        let scopes = grants.flat_map(|grant| &grant.scopes);
        scopes.map(String::as_str).collect()
    }

    /// The scopes that lead to this caller.
    pub fn scopes_of(&self, grant: &str) -> &[String] {
        self.grants.get(grant).map_or(&[], |grant| &grant.scopes)
    }

    /// The callers that any of these scopes leads to.
    pub fn grants_of_scopes(&self, scopes: &[String]) -> Vec<&str> {
        let grants = self.grants.iter();
        let meant = grants.filter(|(_, grant)| {
            let mut known = grant.scopes.iter();
            known.any(|scope| scopes.contains(scope))
        });
        meant.map(|(name, _)| name.as_str()).collect()
    }
}

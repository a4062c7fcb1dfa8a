//! Tokens of an authorization server: what they say, before anything of it is believed.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, de::IgnoredAny};

use super::Unfit;
use crate::policy::{Algorithm, OAuth};

/// How far the clocks of two machines may be apart, in seconds.
const APART: f64 = 30.0;

/// A token in its parts.
pub(super) struct Jwt<'t> {
    /// What is signed.
    pub(super) signed: &'t str,
    pub(super) signature: Vec<u8>,
    pub(super) algorithm: Algorithm,
    pub(super) kid: Option<String>,
    claims: Claims,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    crit: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Words,
    exp: f64,
    nbf: Option<f64>,
    scope: Option<Words>,
    scp: Option<Words>,
    cnf: Option<IgnoredAny>,
}

/// One text or several.
#[derive(Deserialize)]
#[serde(untagged)]
enum Words {
    One(String),
    Several(Vec<String>),
}

impl Words {
    fn iter(&self) -> impl Iterator<Item = &str> {
        let all = match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Several(all) => all,
        };
        all.iter().map(String::as_str)
    }
}

impl<'t> Jwt<'t> {
    /// Takes a token apart.
    ///
    /// # Errors
    /// When it is none, or one that is signed in a way that is not taken.
    pub(super) fn read(token: &'t str, oauth: &OAuth) -> Result<Self, Unfit> {
        let (signed, signature) = token.rsplit_once('.').ok_or(Unfit::Form)?;
        let (header, claims) = signed.split_once('.').ok_or(Unfit::Form)?;
        let header: Header = json(header)?;
        let kind = header.typ.as_deref().unwrap_or("JWT");
        let kind = kind.to_ascii_lowercase();
        let known = ["jwt", "at+jwt", "application/at+jwt"];
        if !known.contains(&kind.as_str()) || header.crit.is_some() {
            return Err(Unfit::Form);
        }
        let algorithm = Algorithm::named(&header.alg)
            .filter(|algorithm| oauth.algorithms.contains(algorithm))
            .ok_or(Unfit::Algorithm)?;
        Ok(Self {
            signed,
            signature: bytes(signature)?,
            algorithm,
            kid: header.kid,
            claims: json(claims)?,
        })
    }

    /// Whether it is made by whom and for whom it has to be, and is good at this time.
    ///
    /// # Errors
    /// The first thing that is not as it has to be.
    pub(super) fn fits(&self, oauth: &OAuth, seconds: f64) -> Result<(), Unfit> {
        let claims = &self.claims;
        let mut meant = claims.aud.iter();
        if claims.iss != oauth.issuer.text {
            Err(Unfit::Issuer)
        } else if !meant.any(|audience| audience == oauth.audience.text) {
            Err(Unfit::Audience)
        } else if seconds >= claims.exp + APART {
            Err(Unfit::Expired)
        } else if claims.nbf.is_some_and(|from| seconds + APART < from) {
            Err(Unfit::Early)
        } else if claims.cnf.is_some() {
            Err(Unfit::Bound)
        } else if claims.sub.is_empty() {
            Err(Unfit::Form)
        } else {
            Ok(())
        }
    }

    /// Who it is about, as its issuer calls them.
    pub(super) fn subject(&self) -> &str {
        &self.claims.sub
    }

    /// What it is good for.
    pub(super) fn scopes(&self) -> Vec<String> {
        let said = [&self.claims.scope, &self.claims.scp];
        let words = said.into_iter().flatten().flat_map(Words::iter);
        let scopes = words.flat_map(|text| text.split(' '));
        scopes.map(str::to_owned).collect()
    }
}

fn json<T: for<'de> Deserialize<'de>>(part: &str) -> Result<T, Unfit> {
    serde_json::from_slice(&bytes(part)?).map_err(|_| Unfit::Form)
}

fn bytes(part: &str) -> Result<Vec<u8>, Unfit> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| Unfit::Form)
}

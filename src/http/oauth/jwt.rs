//! Parses access tokens and validates their claims (RFC 9068), before their signature
//! is verified.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, de::IgnoredAny};

use super::TokenError;
use crate::policy::{Algorithm, OAuth};

/// How far the clocks of two machines may differ, in seconds.
const CLOCK_SKEW_SECONDS: f64 = 30.0;

/// A parsed token.
pub(super) struct Jwt<'t> {
    /// The part of the token that is signed.
    pub(super) signed: &'t str,
    pub(super) signature: Vec<u8>,
    pub(super) algorithm: Algorithm,
    pub(super) kid: Option<String>,
    claims: JwtClaims,
}

#[derive(Deserialize)]
struct JwtHeader {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    crit: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct JwtClaims {
    iss: String,
    sub: String,
    aud: OneOrMany,
    exp: f64,
    nbf: Option<f64>,
    scope: Option<OneOrMany>,
    scp: Option<OneOrMany>,
    cnf: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    fn as_slice(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

impl<'t> Jwt<'t> {
    /// Parses a token.
    ///
    /// # Errors
    /// If it is not an access token, or if its signature algorithm is not accepted.
    pub(super) fn parse(token: &'t str, oauth: &OAuth) -> Result<Self, TokenError> {
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::NotJwt)?;
        let (header, claims) = signed.split_once('.').ok_or(TokenError::NotJwt)?;
        let header: JwtHeader = json(header)?;
        let kind = header.typ.as_deref().unwrap_or("JWT");
        let kind = kind.to_ascii_lowercase();
        let is_access_token = ["jwt", "at+jwt", "application/at+jwt"].contains(&kind.as_str());
        if !is_access_token || header.crit.is_some() {
            return Err(TokenError::NotJwt);
        }
        let algorithm = Algorithm::named(&header.alg)
            .filter(|algorithm| oauth.algorithms.contains(algorithm))
            .ok_or(TokenError::WrongAlgorithm)?;
        Ok(Self {
            signed,
            signature: decode(signature)?,
            algorithm,
            kid: header.kid,
            claims: json(claims)?,
        })
    }

    /// Validates the claims at this Unix time.
    ///
    /// # Errors
    /// The first claim that is wrong.
    pub(super) fn validate(&self, oauth: &OAuth, now: f64) -> Result<(), TokenError> {
        let claims = &self.claims;
        if claims.iss != oauth.issuer.text {
            Err(TokenError::WrongIssuer)
        } else if !claims.aud.as_slice().contains(&oauth.audience.text) {
            Err(TokenError::WrongAudience)
        } else if now >= claims.exp + CLOCK_SKEW_SECONDS {
            Err(TokenError::Expired)
        } else if claims.nbf.is_some_and(|nbf| now + CLOCK_SKEW_SECONDS < nbf) {
            Err(TokenError::NotYetValid)
        } else if claims.cnf.is_some() {
            Err(TokenError::SenderConstrained)
        } else if claims.sub.is_empty() {
            Err(TokenError::NotJwt)
        } else {
            Ok(())
        }
    }

    /// The `sub` claim.
    pub(super) fn subject(&self) -> &str {
        &self.claims.sub
    }

    /// The scopes in `scope` and `scp`.
    pub(super) fn scopes(&self) -> Vec<String> {
        let claims = [&self.claims.scope, &self.claims.scp];
        let texts = claims.into_iter().flatten().flat_map(OneOrMany::as_slice);
        let scopes = texts.flat_map(|text| text.split(' '));
        scopes.map(str::to_owned).collect()
    }
}

fn json<T: for<'de> Deserialize<'de>>(part: &str) -> Result<T, TokenError> {
    serde_json::from_slice(&decode(part)?).map_err(|_| TokenError::NotJwt)
}

fn decode(part: &str) -> Result<Vec<u8>, TokenError> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenError::NotJwt)
}

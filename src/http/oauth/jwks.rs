//! The public keys of an authorization server (JSON Web Key Set, RFC 7517).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::signature::{self as sign, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey};
use serde::Deserialize;

use super::TokenError;
use crate::policy::Algorithm;

/// The most keys that are read from a set.
const MAX_KEYS: usize = 64;

/// The signature keys of an authorization server.
#[derive(Debug)]
pub(super) struct KeySet(Vec<VerificationKey>);

#[derive(Debug)]
struct VerificationKey {
    id: Option<String>,
    /// The only algorithm that the key is for, if the set restricts it.
    algorithm: Option<Algorithm>,
    key: PublicKey,
}

#[derive(Debug)]
enum PublicKey {
    Rsa(RsaPublicKeyComponents<Vec<u8>>),
    /// A key on a curve, which has one algorithm.
    Curve(Algorithm, UnparsedPublicKey<Vec<u8>>),
}

#[derive(Deserialize)]
struct JwkSet {
    keys: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    key_ops: Option<Vec<String>>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl KeySet {
    /// Parses a set. Skips keys that cannot verify a signature here. `None` if the body
    /// is not a set.
    pub(super) fn parse(body: &[u8]) -> Option<Self> {
        let set: JwkSet = serde_json::from_slice(body).ok()?;
        let keys = set.keys.into_iter().take(MAX_KEYS).filter_map(|key| {
            let jwk: Jwk = serde_json::from_value(key).ok()?;
            VerificationKey::new(jwk)
        });
        Some(Self(keys.collect()))
    }

    /// Whether a key of the set could have made a signature with this header.
    pub(super) fn has(&self, kid: Option<&str>, algorithm: Algorithm) -> bool {
        self.candidates(kid, algorithm).next().is_some()
    }

    /// Verifies a signature.
    ///
    /// # Errors
    /// If not exactly one key could have made the signature, or if that key did not.
    pub(super) fn verify(
        &self,
        kid: Option<&str>,
        algorithm: Algorithm,
        signed: &[u8],
        signature: &[u8],
    ) -> Result<(), TokenError> {
        let mut candidates = self.candidates(kid, algorithm);
        match (candidates.next(), candidates.next()) {
            (Some(only), None) if only.key.verify(algorithm, signed, signature) => Ok(()),
            (Some(_), None) => Err(TokenError::WrongSignature),
            // Several keys are not tried in turn: each try costs this server alone.
            _ => Err(TokenError::UnknownKey),
        }
    }

    fn candidates(
        &self,
        kid: Option<&str>,
        algorithm: Algorithm,
    ) -> impl Iterator<Item = &VerificationKey> {
        self.0.iter().filter(move |key| {
            kid.is_none_or(|kid| key.id.as_deref() == Some(kid))
                && key.algorithm.is_none_or(|own| own == algorithm)
                && key.key.supports(algorithm)
        })
    }
}

impl VerificationKey {
    /// `None` for keys of other types, and for keys that do not verify signatures.
    fn new(jwk: Jwk) -> Option<Self> {
        let signs = jwk.purpose.is_none_or(|purpose| purpose == "sig");
        let verifies = jwk
            .key_ops
            .is_none_or(|ops| ops.iter().any(|op| op == "verify"));
        if !signs || !verifies {
            return None;
        }
        let decode = |text: Option<String>| URL_SAFE_NO_PAD.decode(text?).ok();
        let curve = |algorithm, verification: &'static dyn sign::VerificationAlgorithm, bytes| {
            PublicKey::Curve(algorithm, UnparsedPublicKey::new(verification, bytes))
        };
        // An uncompressed point (SEC 1) with coordinates of this many bytes.
        let point = |length: usize| {
            let (x, y) = (decode(jwk.x.clone())?, decode(jwk.y.clone())?);
            let fits = x.len() == length && y.len() == length;
            fits.then(|| [vec![4], x, y].concat())
        };
        let key = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
            ("RSA", _) => PublicKey::Rsa(RsaPublicKeyComponents {
                n: decode(jwk.n)?,
                e: decode(jwk.e)?,
            }),
            ("EC", Some("P-256")) => {
                curve(Algorithm::Es256, &sign::ECDSA_P256_SHA256_FIXED, point(32)?)
            }
            ("EC", Some("P-384")) => {
                curve(Algorithm::Es384, &sign::ECDSA_P384_SHA384_FIXED, point(48)?)
            }
            ("OKP", Some("Ed25519")) => curve(Algorithm::EdDsa, &sign::ED25519, decode(jwk.x)?),
            _ => return None,
        };
        let algorithm = match jwk.alg {
            // Any other algorithm, such as one for encryption, makes no signatures.
            Some(name) => Some(Algorithm::named(&name)?),
            None => None,
        };
        Some(Self {
            id: jwk.kid,
            algorithm,
            key,
        })
    }
}

impl PublicKey {
    fn supports(&self, algorithm: Algorithm) -> bool {
        match self {
            Self::Rsa(_) => rsa_parameters(algorithm).is_some(),
            Self::Curve(own, _) => *own == algorithm,
        }
    }

    fn verify(&self, algorithm: Algorithm, signed: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Rsa(key) => rsa_parameters(algorithm)
                .is_some_and(|parameters| key.verify(parameters, signed, signature).is_ok()),
            Self::Curve(own, key) => *own == algorithm && key.verify(signed, signature).is_ok(),
        }
    }
}

/// The parameters of an RSA algorithm, for keys of 2048 to 8192 bits.
fn rsa_parameters(algorithm: Algorithm) -> Option<&'static RsaParameters> {
    Some(match algorithm {
        Algorithm::Rs256 => &sign::RSA_PKCS1_2048_8192_SHA256,
        Algorithm::Rs384 => &sign::RSA_PKCS1_2048_8192_SHA384,
        Algorithm::Rs512 => &sign::RSA_PKCS1_2048_8192_SHA512,
        Algorithm::Ps256 => &sign::RSA_PSS_2048_8192_SHA256,
        Algorithm::Ps384 => &sign::RSA_PSS_2048_8192_SHA384,
        Algorithm::Ps512 => &sign::RSA_PSS_2048_8192_SHA512,
        Algorithm::Es256 | Algorithm::Es384 | Algorithm::EdDsa => return None,
    })
}

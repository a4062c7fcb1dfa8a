//! The keys that an authorization server signs with.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::signature::{self as sign, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey};
use serde::Deserialize;

use super::Unfit;
use crate::policy::Algorithm;

/// The most keys of a set.
const MOST: usize = 64;

/// The keys of an authorization server that sign.
#[derive(Debug)]
pub(super) struct KeySet(Vec<Key>);

#[derive(Debug)]
struct Key {
    id: Option<String>,
    /// What it signs with, where the set says so.
    algorithm: Option<Algorithm>,
    material: Material,
}

#[derive(Debug)]
enum Material {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    P256(Vec<u8>),
    P384(Vec<u8>),
    Ed25519(Vec<u8>),
}

#[derive(Deserialize)]
struct Set {
    keys: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Written {
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
    /// Reads a set (RFC 7517); keys that are of no use here are left out.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let set: Set = serde_json::from_slice(body).ok()?;
        let keys = set.keys.into_iter().take(MOST).filter_map(|key| {
            let written: Written = serde_json::from_value(key).ok()?;
            Key::read(written)
        });
        Some(Self(keys.collect()))
    }

    /// Whether there is a key that could have made such a signature.
    pub(super) fn has(&self, kid: Option<&str>, algorithm: Algorithm) -> bool {
        self.meant(kid, algorithm).next().is_some()
    }

    /// Holds a signature against the key that is meant.
    ///
    /// # Errors
    /// When there is no such key, or the signature is not its.
    pub(super) fn verify(
        &self,
        kid: Option<&str>,
        algorithm: Algorithm,
        signed: &[u8],
        signature: &[u8],
    ) -> Result<(), Unfit> {
        let mut meant = self.meant(kid, algorithm);
        let key = match (meant.next(), meant.next()) {
            (Some(key), None) => key,
            // Of several nobody knows which; trying all would cost whoever asks nothing.
            _ => return Err(Unfit::Key),
        };
        if key.material.verify(algorithm, signed, signature) {
            Ok(())
        } else {
            Err(Unfit::Signature)
        }
    }

    fn meant(&self, kid: Option<&str>, algorithm: Algorithm) -> impl Iterator<Item = &Key> {
        let keys = self.0.iter().filter(move |key| {
            kid.is_none_or(|kid| key.id.as_deref() == Some(kid))
                && key.algorithm.is_none_or(|own| own == algorithm)
        });
        keys.filter(move |key| key.material.suits(algorithm))
    }
}

impl Key {
    fn read(written: Written) -> Option<Self> {
        let signs = written.purpose.is_none_or(|purpose| purpose == "sig");
        let verifies = written
            .key_ops
            .is_none_or(|uses| uses.iter().any(|one| one == "verify"));
        let part = |text: Option<String>| URL_SAFE_NO_PAD.decode(text?).ok();
        let point = |length: usize| {
            let (x, y) = (part(written.x.clone())?, part(written.y.clone())?);
            let whole = x.len() == length && y.len() == length;
            whole.then(|| [vec![4], x, y].concat())
        };
        let material = match (written.kty.as_str(), written.crv.as_deref()) {
            ("RSA", _) => Material::Rsa {
                n: part(written.n)?,
                e: part(written.e)?,
            },
            ("EC", Some("P-256")) => Material::P256(point(32)?),
            ("EC", Some("P-384")) => Material::P384(point(48)?),
            ("OKP", Some("Ed25519")) => Material::Ed25519(part(written.x)?),
            _ => return None,
        };
        let algorithm = match written.alg {
            // A key for something else, such as encryption, signs nothing.
            Some(name) => Some(Algorithm::named(&name)?),
            None => None,
        };
        (signs && verifies).then_some(Self {
            id: written.kid,
            algorithm,
            material,
        })
    }
}

impl Material {
    fn suits(&self, algorithm: Algorithm) -> bool {
        use Algorithm::{EdDsa, Es256, Es384, Ps256, Ps384, Ps512, Rs256, Rs384, Rs512};
        match algorithm {
            Rs256 | Rs384 | Rs512 | Ps256 | Ps384 | Ps512 => matches!(self, Self::Rsa { .. }),
            Es256 => matches!(self, Self::P256(_)),
            Es384 => matches!(self, Self::P384(_)),
            EdDsa => matches!(self, Self::Ed25519(_)),
        }
    }

    fn verify(&self, algorithm: Algorithm, signed: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Rsa { n, e } => rsa(algorithm).is_some_and(|parameters| {
                let key = RsaPublicKeyComponents { n, e };
                key.verify(parameters, signed, signature).is_ok()
            }),
            Self::P256(point) => UnparsedPublicKey::new(&sign::ECDSA_P256_SHA256_FIXED, point)
                .verify(signed, signature)
                .is_ok(),
            Self::P384(point) => UnparsedPublicKey::new(&sign::ECDSA_P384_SHA384_FIXED, point)
                .verify(signed, signature)
                .is_ok(),
            Self::Ed25519(point) => UnparsedPublicKey::new(&sign::ED25519, point)
                .verify(signed, signature)
                .is_ok(),
        }
    }
}

/// With keys from 2048 to 8192 bits.
fn rsa(algorithm: Algorithm) -> Option<&'static RsaParameters> {
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

//! A fake authorization server.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    hmac,
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
        EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384,
        RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding, RsaKeyPair,
    },
};
use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{method, path},
};

/// The audience of the tokens.
pub const AUDIENCE: &str = "https://wg.example.com/mcp";

/// A key that signs tokens.
pub enum Key {
    Ed25519(Ed25519KeyPair),
    Ecdsa(EcdsaKeyPair, &'static str),
    Rsa(RsaKeyPair, &'static dyn RsaEncoding),
    /// HMAC with a public key as the secret (algorithm confusion).
    Shared(Vec<u8>),
}

impl Key {
    pub fn ed25519(seed: u8) -> Self {
        Self::Ed25519(Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap())
    }

    pub fn ecdsa(name: &'static str) -> Self {
        let algorithm: &'static EcdsaSigningAlgorithm = match name {
            "P-256" => &ECDSA_P256_SHA256_FIXED_SIGNING,
            _ => &ECDSA_P384_SHA384_FIXED_SIGNING,
        };
        let random = SystemRandom::new();
        let bytes = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, bytes.as_ref(), &random).unwrap();
        Self::Ecdsa(pair, name)
    }

    pub fn rsa(algorithm: &str) -> Self {
        let bytes = include_bytes!("../../fixtures/rsa-test-key.der");
        let encoding: &'static dyn RsaEncoding = match algorithm {
            "RS256" => &RSA_PKCS1_SHA256,
            "RS384" => &RSA_PKCS1_SHA384,
            "RS512" => &RSA_PKCS1_SHA512,
            "PS256" => &RSA_PSS_SHA256,
            "PS384" => &RSA_PSS_SHA384,
            _ => &RSA_PSS_SHA512,
        };
        Self::Rsa(RsaKeyPair::from_pkcs8(bytes).unwrap(), encoding)
    }

    /// The public key as a JSON Web Key.
    pub fn public(&self, kid: &str) -> Value {
        match self {
            Self::Ed25519(pair) => {
                let x = encode(pair.public_key().as_ref());
                json!({ "kty": "OKP", "crv": "Ed25519", "kid": kid, "use": "sig", "x": x })
            }
            Self::Ecdsa(pair, crv) => {
                let point = &pair.public_key().as_ref()[1..];
                let (x, y) = point.split_at(point.len() / 2);
                json!({ "kty": "EC", "crv": crv, "kid": kid, "x": encode(x), "y": encode(y) })
            }
            Self::Rsa(pair, _) => {
                let key: ring::rsa::PublicKeyComponents<Vec<u8>> = pair.public().into();
                json!({ "kty": "RSA", "kid": kid, "n": encode(&key.n), "e": encode(&key.e) })
            }
            Self::Shared(_) => panic!("a shared secret has no public key"),
        }
    }

    fn sign(&self, text: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::Ed25519(pair) => pair.sign(text).as_ref().to_vec(),
            Self::Ecdsa(pair, _) => pair.sign(&random, text).unwrap().as_ref().to_vec(),
            Self::Rsa(pair, encoding) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(*encoding, &random, text, &mut signature).unwrap();
                signature
            }
            Self::Shared(secret) => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
                hmac::sign(&key, text).as_ref().to_vec()
            }
        }
    }

    /// A token with this header and these claims.
    pub fn token(&self, head: &Value, claims: &Value) -> String {
        let part = |value: &Value| encode(value.to_string().as_bytes());
        let signed = format!("{}.{}", part(head), part(claims));
        let signature = encode(&self.sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }
}

pub fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The authorization server.
pub struct Issuer {
    pub server: MockServer,
    pub key: Key,
}

impl Issuer {
    /// Starts a server that publishes one key, `one`.
    pub async fn start() -> Self {
        let issuer = Self {
            server: MockServer::start().await,
            key: Key::ed25519(1),
        };
        issuer.publish(&[issuer.key.public("one")]).await;
        issuer
    }

    /// Publishes these keys from now on.
    pub async fn publish(&self, keys: &[Value]) {
        let keys = json!({ "keys": keys });
        self.respond_with(ResponseTemplate::new(200).set_body_json(keys))
            .await;
    }

    /// Responds to requests for its keys like this from now on.
    pub async fn respond_with(&self, answer: ResponseTemplate) {
        self.server.reset().await;
        let asked = Mock::given(method("GET")).and(path("/jwks"));
        asked.respond_with(answer).mount(&self.server).await;
    }

    /// The number of requests since the last change.
    pub async fn request_count(&self) -> usize {
        self.server.received_requests().await.unwrap().len()
    }

    /// A policy that accepts its tokens.
    pub fn policy(&self) -> String {
        let issuer = self.server.uri();
        format!(
            "version = \"1\"\ndefault = \"allow\"\n[confirmation]\nenabled = true\n[oauth]\nissuer = \"{issuer}\"\naudience = \"{AUDIENCE}\"\njwks_uri = \"{issuer}/jwks\"\n[grants.family]\nscopes = [\"wg:family\", \"wg:home\"]\n[grants.reader]\nscopes = [\"wg:read\"]\n[grants.reader.tools.open_session]\naction = \"deny\"\n"
        )
    }

    /// Valid claims for an hour.
    pub fn claims(&self, subject: &str, scope: &str) -> Value {
        json!({
            "iss": self.server.uri(), "sub": subject, "aud": AUDIENCE,
            "exp": 3600, "nbf": 0, "iat": 0, "scope": scope, "client_id": "agent",
        })
    }

    /// A valid token.
    pub fn token(&self, subject: &str, scope: &str) -> String {
        self.sign(&self.claims(subject, scope))
    }

    /// Signs a token with these claims.
    pub fn sign(&self, claims: &Value) -> String {
        let head = json!({ "alg": "EdDSA", "kid": "one", "typ": "at+jwt" });
        self.key.token(&head, claims)
    }
}

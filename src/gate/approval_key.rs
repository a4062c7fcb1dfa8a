//! The key with which several servers seal approvals.

use base64::{
    Engine,
    alphabet::{STANDARD, URL_SAFE},
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretBox, SecretString};
use sha2::Sha256;

/// The minimum length of a secret, in bytes.
const MIN_SECRET_BYTES: usize = 32;

/// A key that servers of one account share, so that an approval of a question of one server
/// is valid at the others.
pub struct ApprovalKey(pub(super) SecretBox<[u8; 64]>);

impl ApprovalKey {
    /// Derives the key of an account from a secret of at least 32 bytes in base64 or hex;
    /// `None` if it is shorter or neither.
    pub fn new(secret: &SecretString, account: &str) -> Option<Self> {
        let bytes = SecretBox::new(Box::new(bytes(secret.expose_secret().trim())?));
        let bytes = bytes.expose_secret();
        if bytes.len() < MIN_SECRET_BYTES {
            return None;
        }
        let mut key = Box::new([0; 64]);
        for (half, part) in key.chunks_mut(32).zip(0u8..) {
            let mut mac = Hmac::<Sha256>::new_from_slice(bytes).ok()?;
            mac.update(b"whatsapp-guard approvals of ");
            mac.update(account.as_bytes());
            mac.update(&[0, part]);
            half.copy_from_slice(&mac.finalize().into_bytes());
        }
        Some(Self(SecretBox::new(key)))
    }
}

/// Hex is tried first: it could be taken for base64.
fn bytes(text: &str) -> Option<Vec<u8>> {
    let hex = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    if text.len().is_multiple_of(2) && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return text.as_bytes().chunks(2).map(hex).collect();
    }
    let padding = DecodePaddingMode::Indifferent;
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(padding);
    [STANDARD, URL_SAFE]
        .iter()
        .find_map(|alphabet| GeneralPurpose::new(alphabet, config).decode(text).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(secret: &str, account: &str) -> Option<[u8; 64]> {
        ApprovalKey::new(&secret.into(), account).map(|key| *key.0.expose_secret())
    }

    #[test]
    fn both_forms_are_read_and_each_account_has_its_own_key() {
        let hex = "fb".repeat(32);
        let standard = "+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/s=";
        let same = key(&hex, "a").unwrap();
        assert_eq!(key(standard, "a"), Some(same));
        assert_eq!(key(standard.trim_end_matches('='), "a"), Some(same));
        let safe = standard.replace('+', "-").replace('/', "_");
        assert_eq!(key(&format!(" {safe}\n"), "a"), Some(same));
        assert_ne!(key(&hex, "b"), Some(same));
        for bad in ["", "secret", &"fb".repeat(31), &"x".repeat(31), "!?"] {
            assert_eq!(key(bad, "a"), None, "{bad}");
        }
    }
}

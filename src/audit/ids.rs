//! The ids of calls, which no other server and no other run has.

use std::sync::atomic::{AtomicU64, Ordering};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// The random bytes of a run.
const RUN_BYTES: usize = 12;

/// The characters of a run.
const RUN_CHARS: usize = 16;

/// The id of one run of the server.
#[derive(Debug, Clone)]
pub(super) struct RunId(String);

/// The ids of the calls of one run.
#[derive(Debug)]
pub(super) struct CallIds {
    run: RunId,
    last: AtomicU64,
}

impl RunId {
    /// A new id.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub(super) fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; RUN_BYTES];
        getrandom::fill(&mut bytes)?;
        Ok(Self(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// Whether these characters are the id of a run.
    pub(super) fn is_one(characters: &[u8]) -> bool {
        let of_id = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_".contains(byte);
        characters.len() == RUN_CHARS && characters.iter().all(of_id)
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl CallIds {
    pub(super) fn of(run: RunId) -> Self {
        Self {
            run,
            last: AtomicU64::new(0),
        }
    }

    /// The id of the next call.
    pub(super) fn next(&self) -> String {
        let number = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        format!("{}-{number}", self.run.as_str())
    }
}

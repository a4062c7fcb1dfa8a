//! Suggestions for misspelled names, times as people read and write them, and secrets in text.

mod hex;
mod nearest;
mod secrets;
mod time;

pub use hex::hex;
pub use nearest::nearest;
pub use secrets::Secrets;
pub use time::{for_people, moment, per};

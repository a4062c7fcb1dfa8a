//! Suggestions for misspelled names, and times as people read and write them.

mod hex;
mod nearest;
mod time;

pub use hex::hex;
pub use nearest::nearest;
pub use time::{for_people, moment};

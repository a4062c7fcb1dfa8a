//! Suggestions for misspelled names, times as people read and write them, and sizes.

mod hex;
mod json_size;
mod nearest;
mod time;

pub use hex::hex;
pub use json_size::json_size;
pub use nearest::nearest;
pub use time::{for_people, moment, per};

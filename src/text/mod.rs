//! Suggestions for misspelled names, and times as people read and write them.

mod nearest;
mod time;

pub use nearest::nearest;
pub use time::{for_people, moment};

//! Text helpers that know nothing of the rest: suggestions for misspelled names,
//! durations and points in time as people read and write them.

mod nearest;
mod time;

pub use nearest::nearest;
pub use time::{for_people, moment, per};

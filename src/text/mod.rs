//! Suggestions for misspelled names, names with wildcards, times as people read and write them,
//! secrets in text, and sizes.

mod bytes;
mod hex;
mod json_size;
mod nearest;
mod secrets;
mod time;
mod tree_size;
mod wildcard;

pub use bytes::{in_bytes, size};
pub use hex::hex;
pub use json_size::json_size;
pub use nearest::nearest;
pub use secrets::Secrets;
pub use time::{for_people, moment, per};
pub use tree_size::tree_bytes;
pub use wildcard::has_parts;

//! The audit log.

mod killed;
mod limited;
mod lines;
mod property;
mod rotation;
mod site;
mod start;
mod unavailable;
mod write_ahead;

pub use site::assert_one_end_each;

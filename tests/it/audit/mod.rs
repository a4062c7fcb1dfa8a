//! The audit log.

mod killed;
mod lines;
mod property;
mod rotation;
mod site;
mod start;
mod unavailable;
mod write_ahead;

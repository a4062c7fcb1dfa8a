//! The audit log.

mod killed;
mod lines;
mod site;
mod unavailable;
mod write_ahead;

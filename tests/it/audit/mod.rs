//! The audit log.

mod lines;
mod unavailable;

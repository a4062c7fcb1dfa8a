//! A policy that changes while the server runs.

mod replace;
#[cfg(unix)]
mod watcher;

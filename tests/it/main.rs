//! The program as its users meet it: over stdio, over a pipe, in both eras.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "a test fails by panicking, and its modules are nobody else's"
)]

mod app;
mod audit;
mod backend;
mod cli;
mod config;
mod docs;
mod explain;
mod gate;
mod http;
mod import;
mod layering;
mod ledger;
mod mcp;
mod op;
mod policy;
mod properties;
mod reload;

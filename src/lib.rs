//! An MCP server that gives agents a WhatsApp toolset and decides, on facts, what
//! they may do with it.
//!
//! A call is read top to bottom in [`mcp`], [`gate`] and [`backend`]; `ARCHITECTURE.md`
//! has the whole picture.

pub mod audit;
pub mod backend;
pub mod cli;
pub mod clock;
pub mod config;
pub mod explain;
pub mod gate;
pub mod http;
pub mod import;
pub mod kill_switch;
pub mod ledger;
pub mod mcp;
pub mod media;
pub mod metrics;
mod net;
pub mod op;
pub mod policy;
pub mod qr;
pub mod reload;
pub mod sessions;
pub mod state_dir;
pub mod text;
pub mod toolset;

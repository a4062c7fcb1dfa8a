//! An MCP server that gives AI agents WhatsApp tools and checks every call against a policy.
//!
//! A call passes through [`mcp`], [`toolset`], [`gate`] and [`backend`], in this order.
//! `ARCHITECTURE.md` describes the modules and three calls step by step.

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
mod shares;
pub mod state_dir;
mod stderr;
pub mod text;
pub mod toolset;

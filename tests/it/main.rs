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
mod asking;
mod cli_http;
mod cli_import;
mod cli_init;
mod cli_panic;
mod conditions;
mod conforms;
mod default_policy;
mod docker;
mod docs;
mod gate;
mod green_api;
mod http;
mod identities;
mod ledger;
mod policies;
mod program;
mod prompts;
mod protocol;
mod questions;
mod repeats;
mod resources;
mod sandbox;
mod sandbox_chats;
mod sandbox_contacts;
mod sandbox_downloads;
mod sandbox_group_settings;
mod sandbox_hour;
mod sandbox_media;
mod sandbox_members;
mod sandbox_presence;
mod sandbox_profile;
mod sandbox_sending;
mod sandbox_session;
mod sends;
mod sizes;
mod table;
mod terms;
mod waha;

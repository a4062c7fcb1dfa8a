//! The program as its users meet it: over stdio, over a pipe, in both eras.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "a test fails by panicking, and its modules are nobody else's"
)]

mod accounts;
mod accounts_cli;
mod accounts_policy;
mod app;
mod asking;
mod cli_check;
mod cli_diff;
mod cli_explain;
mod cli_http;
mod cli_import;
mod cli_init;
mod cli_limits;
mod cli_panic;
mod cli_serve;
mod cli_test;
mod conditions;
mod conditions_at_work;
mod conforms;
mod default_policy;
mod desk;
mod diff;
mod docker;
mod docs;
mod durable;
mod engine_props;
mod examples;
mod explain;
mod flow;
mod following;
mod gate;
mod grants;
mod green_api;
mod health;
mod hours;
mod http;
mod identities;
mod includes;
mod ledger;
mod limits_at_work;
mod modes;
mod oauth;
mod pace;
mod policies;
mod policy_borders;
mod program;
mod prompts;
mod protocol;
mod questions;
mod reading;
mod recipients;
mod redis_server;
mod reload;
mod repeats;
mod resources;
mod running;
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
mod shadow;
mod sizes;
mod stopped;
mod table;
mod terms;
mod waha;

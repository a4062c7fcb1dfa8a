//! The configuration of accounts.

mod environment;

//! The command line: one file a subcommand.

mod accounts;
mod check;
mod conventions;
mod demo;
mod diff;
mod doctor;
mod explain;
mod help;
mod http;
mod import;
mod init;
mod limits;
mod panic;
mod serve;
mod stopping;
mod test;

//! The command line: one file a subcommand.

mod accounts;
mod check;
mod check_summary;
mod check_warnings;
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

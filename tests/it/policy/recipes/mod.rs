//! The recipes of `examples/policies/recipes`, each through the commands and a real server.

mod account;
mod answers_only;
mod drafts_only;
mod hidden_chat;
mod may_leave_groups;
mod one_group_reader;
mod pdfs_only;
mod recorded;
mod service_bot;
mod team_freely;
mod three_a_day;
mod two_agents;
mod worlds;

use crate::app::command::run_with_files;

/// The text of a policy passes `check` without a warning, and its cases hold.
fn holds(policy: &str, cases: &str) {
    let files = [("policy.toml", policy), ("cases.toml", cases)];
    let ran = run_with_files(&files, &["check", "policy.toml", "--deny-warnings"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    let ran = run_with_files(&files, &["test", "cases.toml", "--policy", "policy.toml"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
}

//! `test`: runs the test cases of a policy.

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use anstyle::AnsiColor;
use clap::Args;
use serde::Serialize;

use super::{
    CliError,
    options::PolicyOption,
    output::{colour, exit, print},
};
use crate::policy::{Case, CaseOutcome, Failure};

/// Test a policy: run calls through it and compare the decisions with the expected ones.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  whatsapp-guard test cases.toml --policy mine.toml
  whatsapp-guard test cases.toml --json | jq '.failed[].name'

The file, with the default of each optional key in parentheses:
  [[case]]
  name = \"nobody new at night\"
  tool = \"send_message\"
  args = { chat = \"+15552220001\", text = \"Hi\" }
  expect = \"deny\"                    allow, confirm, deny or hidden
  code = \"quiet-hours\"               code of the refusal              (any)
  rule = \"hours\"                     key of the deciding rule         (any)
  as = \"reporter\"                    caller                         (local)
  at = \"2026-11-21 23:00\"            time, also RFC 3339  (hours are ignored)
  known = [\"+15552220001\"]           earlier recipients              (none)
  wrote = { \"+15552220001\" = \"2026-11-21 20:00\" }    their last messages (none)
  has_read = [\"12345678@g.us\"]       chats that were read before     (none)
  contacts = { Anna = \"+15552220001\" }     the address book        (unknown)
  groups = { Team = \"12345678@g.us\" }    names of groups             (none)
  file = { type = \"application/pdf\", bytes = 9000 }    the file that is sent  (not loaded)

Limits, delays, pauses and the kill switch are ignored: a case has the same result
whenever you run it.

Exit codes: 0 all cases pass, 1 some fail, 2 the cases or the policy are invalid")]
pub(super) struct TestCommand {
    /// The cases, in TOML
    #[arg(value_name = "CASES")]
    cases: PathBuf,
    #[command(flatten)]
    policy: PolicyOption,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct TestReport {
    ok: bool,
    file: String,
    policy: String,
    cases: usize,
    failed: Vec<Failure>,
}

impl TestCommand {
    pub(super) fn run(self) -> Result<ExitCode, CliError> {
        let policy = self.policy.load()?;
        let cases = Case::load(&self.cases, &policy)?;
        let failed: Vec<Failure> = cases
            .iter()
            .filter_map(|case| case.fails(&policy))
            .collect();
        let report = TestReport {
            ok: failed.is_empty(),
            file: self.cases.display().to_string(),
            policy: policy.origin.clone(),
            cases: cases.len(),
            failed,
        };
        print(self.json, &report, |out| write_report(out, &report))?;
        Ok(exit(report.ok))
    }
}

fn write_report(out: &mut impl Write, report: &TestReport) -> io::Result<()> {
    let (red, green) = (colour(AnsiColor::Red), colour(AnsiColor::Green));
    for one in &report.failed {
        let (file, line, column) = (&report.file, one.line, one.column);
        let (name, tool) = (&one.name, &one.tool);
        let (expected, came) = (describe(&one.expected), describe(&one.came));
        writeln!(
            out,
            "{file}:{line}:{column}: {red}{name}{red:#}: `{tool}` should be {expected}, but is {came}"
        )?;
    }
    let (cases, policy) = (report.cases, &report.policy);
    let passed = cases - report.failed.len();
    let style = if report.ok { green } else { red };
    writeln!(
        out,
        "{style}{passed} of {cases} cases pass{style:#} under {policy}"
    )
}

fn describe(outcome: &CaseOutcome) -> String {
    let code = outcome.code.as_deref().map(|code| format!(" ({code})"));
    let reason = outcome
        .reason
        .as_deref()
        .map(|reason| format!(": {reason}"));
    let rule = outcome.rule.as_deref().map(|rule| format!(" [{rule}]"));
    let parts = [code, reason, rule].map(Option::unwrap_or_default);
    format!("{}{}", outcome.verdict, parts.concat())
}

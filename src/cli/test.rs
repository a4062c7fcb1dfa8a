//! `test`: a policy held against calls with expected verdicts.

use std::{io, io::Write, path::PathBuf, process::ExitCode};

use anstyle::{AnsiColor, Style};
use clap::Args;
use serde::Serialize;

use super::{
    CliError,
    options::PolicyOption,
    output::{stdout, write_json},
};
use crate::policy::{Case, CaseOutcome, Failure};

/// Hold a policy against calls with expected verdicts.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  whatsapp-guard test cases.toml --policy mine.toml
  whatsapp-guard test cases.toml --json | jq '.failed[].name'

The file:
  [[case]]
  name = \"nobody new at night\"
  tool = \"send_message\"
  args = { chat = \"+15552220001\", text = \"Hi\" }
  expect = \"deny\"                    allow, confirm, deny or hidden
  code = \"quiet-hours\"               of a refusal            (left out: any)
  rule = \"hours\"                     key of the rule that decides    (any)
  as = \"reporter\"                    who calls             (left out: local)
  at = \"2026-11-21 23:00\"            when, or RFC 3339  (left out: no hours)
  known = [\"+15552220001\"]           who was written to before    (nobody)
  has_read = [\"12345678@g.us\"]       what was read before        (nothing)
  groups = { Team = \"12345678@g.us\" }    what groups are called     (none)

Limits, gaps, pauses and the panic switch are not looked at: a case comes out the same
whenever it is run.

Exit codes: 0 all cases hold, 1 some do not, 2 the cases or the policy cannot be used")]
pub(super) struct Test {
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
struct Report {
    ok: bool,
    file: String,
    policy: String,
    cases: usize,
    failed: Vec<Failure>,
}

impl Test {
    pub(super) fn run(self) -> Result<ExitCode, CliError> {
        let policy = self.policy.load()?;
        let cases = Case::load(&self.cases, &policy)?;
        let failed: Vec<Failure> = cases
            .iter()
            .filter_map(|case| case.fails(&policy))
            .collect();
        let report = Report {
            ok: failed.is_empty(),
            file: self.cases.display().to_string(),
            policy: policy.origin.clone(),
            cases: cases.len(),
            failed,
        };
        let mut out = stdout();
        if self.json {
            write_json(&mut out, &report)?;
        } else {
            tell(&mut out, &report)?;
        }
        Ok(if report.ok {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}

fn tell(out: &mut impl Write, report: &Report) -> io::Result<()> {
    let style = |colour: AnsiColor| Style::new().fg_color(Some(colour.into()));
    let red = style(AnsiColor::Red);
    for one in &report.failed {
        let Failure {
            line,
            column,
            name,
            tool,
            ..
        } = one;
        let (expected, came) = (words(&one.expected), words(&one.came));
        let file = &report.file;
        writeln!(
            out,
            "{file}:{line}:{column}: {red}{name}{red:#}: `{tool}` should be {expected}, and is {came}"
        )?;
    }
    let held = report.cases - report.failed.len();
    let colour = if report.ok {
        style(AnsiColor::Green)
    } else {
        red
    };
    writeln!(
        out,
        "{colour}{held} of {} cases hold{colour:#} under {}",
        report.cases, report.policy
    )
}

fn words(outcome: &CaseOutcome) -> String {
    let code = outcome.code.as_deref().map(|code| format!(" ({code})"));
    let reason = outcome
        .reason
        .as_deref()
        .map(|reason| format!(": {reason}"));
    let rule = outcome.rule.as_deref().map(|rule| format!(" [{rule}]"));
    let parts = [code, reason, rule].map(Option::unwrap_or_default);
    format!("{}{}", outcome.verdict, parts.concat())
}

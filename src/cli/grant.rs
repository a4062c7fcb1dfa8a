//! `grant`: access tokens for callers over HTTP.

use std::{io::Write, process::ExitCode};

use clap::{Args, Subcommand};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{CliError, http::new_token, options::PolicyOption, output::print};
use crate::{http::auth::digest, text::hex};

/// Create and list access tokens for callers over HTTP.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  whatsapp-guard grant new alice              a token, and the lines for the policy
  whatsapp-guard grant new bob --days 90
  whatsapp-guard grant new carol --account work --account home
  whatsapp-guard grant list --policy team.toml

A token is shown once; the policy holds its SHA-256 digest. To revoke the token, remove
the digest from the policy; that takes effect at the next reload.

Exit codes: 0 success, 1 no random bytes, 2 wrong usage or an invalid policy")]
pub(super) struct GrantCommand {
    #[command(subcommand)]
    action: GrantAction,
}

#[derive(Debug, Subcommand)]
enum GrantAction {
    /// Create a token for a caller
    New {
        /// The caller's name
        name: String,
        /// Number of days until it expires; default: never
        #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=3650))]
        days: Option<u32>,
        /// An account that the caller may use, if the policy has several; repeatable
        #[arg(long = "account", value_name = "NAME")]
        accounts: Vec<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// List the callers of a policy and the state of their tokens
    List {
        #[command(flatten)]
        policy: PolicyOption,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

impl GrantCommand {
    pub(super) fn run(self) -> Result<ExitCode, CliError> {
        match self.action {
            GrantAction::New {
                name,
                days,
                accounts,
                json,
            } => new(&name, days, &accounts, json),
            GrantAction::List { policy, json } => list(&policy, json),
        }
    }
}

fn new(
    name: &str,
    days: Option<u32>,
    accounts: &[String],
    as_json: bool,
) -> Result<ExitCode, CliError> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if !accounts.iter().all(|name| name.chars().all(fits)) {
        let problem = "an account name has letters, digits, `_` or `-`";
        return Err(CliError::Usage(problem.to_owned()));
    }
    if name.is_empty() || name.len() > 64 || !name.chars().all(fits) {
        let problem = "a grant name has 1 to 64 letters, digits, `_` or `-`";
        return Err(CliError::Usage(problem.to_owned()));
    }
    let token = new_token()?;
    let sha256 = hex(&digest(&token));
    let expires = days.map(|days| {
        let now = Timestamp::now();
        let later = now.checked_add(SignedDuration::from_hours(24 * i64::from(days)));
        let later = later.unwrap_or(Timestamp::MAX).as_second();
        Timestamp::from_second(later).unwrap_or(Timestamp::MAX)
    });
    let report =
        json!({ "grant": name, "token": token, "token_sha256": sha256, "expires": expires });
    print(as_json, &report, |out| {
        writeln!(
            out,
            "The token of {name} is shown only now:\n\n    {token}\n"
        )?;
        writeln!(out, "Add to the policy:\n")?;
        writeln!(out, "    [grants.{name}]\n    token_sha256 = \"{sha256}\"")?;
        if let Some(expires) = expires {
            writeln!(out, "    expires = \"{expires}\"")?;
        }
        if !accounts.is_empty() {
            writeln!(out, "    accounts = {accounts:?}")?;
        }
        Ok(())
    })?;
    Ok(ExitCode::SUCCESS)
}

fn list(policy: &PolicyOption, as_json: bool) -> Result<ExitCode, CliError> {
    let policy = policy.load()?;
    let now = Timestamp::now();
    let rows: Vec<_> = policy
        .grants()
        .map(|name| {
            let token = policy.tokens().find(|(of, _)| *of == name);
            let state = match &token {
                None => "no token",
                Some((_, token)) if token.is_good(now) => "good",
                Some(_) => "expired",
            };
            let expires = token.and_then(|(_, token)| token.expires);
            (name, state, expires, policy.scopes_of(name))
        })
        .collect();
    let report = rows.iter().map(|(name, state, expires, scopes)| {
        json!({ "grant": name, "token": state, "expires": expires, "scopes": scopes })
    });
    print(as_json, &report.collect::<Vec<_>>(), |out| {
        for (name, state, expires, scopes) in &rows {
            let until = expires.map(|expires| format!(", until {expires}"));
            write!(out, "{name}: {state}{}", until.unwrap_or_default())?;
            if !scopes.is_empty() {
                write!(out, "; by scope: {}", scopes.join(" "))?;
            }
            writeln!(out)?;
        }
        Ok(())
    })?;
    Ok(ExitCode::SUCCESS)
}

//! `grant`: tokens for callers over HTTP.

use std::{io::Write, process::ExitCode};

use clap::{Args, Subcommand};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{
    CliError,
    http::new_token,
    options::PolicyOption,
    output::{stdout, write_json},
};
use crate::{http::auth::digest, text::hex};

/// Make and list the tokens of callers over HTTP.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  whatsapp-guard grant new alice              a token, and what to write into the policy
  whatsapp-guard grant new bob --days 90
  whatsapp-guard grant new carol --account work --account home
  whatsapp-guard grant list --policy team.toml

A token is shown once; the policy holds its SHA-256 digest. Taking the digest out of the
policy revokes the token, at the next reload.")]
pub(super) struct Grant {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Make a token for a caller
    New {
        /// The caller's name
        name: String,
        /// How many days it is good for; without end when left out
        #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=3650))]
        days: Option<u32>,
        /// An account that the caller may use, where the policy names several; can be repeated
        #[arg(long = "account", value_name = "NAME")]
        accounts: Vec<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// List the callers of a policy, and whether their tokens are good
    List {
        #[command(flatten)]
        policy: PolicyOption,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

impl Grant {
    pub(super) fn run(self) -> Result<ExitCode, CliError> {
        match self.what {
            What::New {
                name,
                days,
                accounts,
                json,
            } => new(&name, days, &accounts, json),
            What::List { policy, json } => list(&policy, json),
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
        let problem = "an account's name has letters, digits, `_` or `-`";
        return Err(CliError::Usage(problem.to_owned()));
    }
    if name.is_empty() || name.len() > 64 || !name.chars().all(fits) {
        let problem = "a grant's name has 1 to 64 letters, digits, `_` or `-`";
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
    let mut out = stdout();
    if as_json {
        let told =
            json!({ "grant": name, "token": token, "token_sha256": sha256, "expires": expires });
        write_json(&mut out, &told)?;
        return Ok(ExitCode::SUCCESS);
    }
    writeln!(out, "token of {name}, shown this once:\n\n    {token}\n")?;
    writeln!(out, "write into the policy:\n")?;
    writeln!(out, "    [grants.{name}]\n    token_sha256 = \"{sha256}\"")?;
    if let Some(expires) = expires {
        writeln!(out, "    expires = \"{expires}\"")?;
    }
    if !accounts.is_empty() {
        let names: Vec<_> = accounts.iter().map(|name| format!("\"{name}\"")).collect();
        writeln!(out, "    accounts = [{}]", names.join(", "))?;
    }
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
                Some(_) => "over",
            };
            let expires = token.and_then(|(_, token)| token.expires);
            (name, state, expires, policy.scopes_of(name))
        })
        .collect();
    let mut out = stdout();
    if as_json {
        let rows: Vec<_> = rows
            .iter()
            .map(|(name, state, expires, scopes)| {
                json!({ "grant": name, "token": state, "expires": expires, "scopes": scopes })
            })
            .collect();
        write_json(&mut out, &rows)?;
        return Ok(ExitCode::SUCCESS);
    }
    for (name, state, expires, scopes) in rows {
        write!(out, "{name}: {state}")?;
        if let Some(expires) = expires {
            write!(out, ", until {expires}")?;
        }
        if !scopes.is_empty() {
            write!(out, "; by scope: {}", scopes.join(" "))?;
        }
        writeln!(out)?;
    }
    Ok(ExitCode::SUCCESS)
}

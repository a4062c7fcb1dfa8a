//! The command line: one file for each subcommand.

mod accounts;
mod check;
mod completions;
mod demo;
mod diff;
mod doctor;
mod explain;
mod grant;
mod http;
mod import;
mod init;
mod limits;
mod options;
mod output;
mod panic;
mod serve;
mod terminal;
mod test;
mod tools;

use std::{env, io, process::ExitCode};

use clap::{Arg, CommandFactory, FromArgMatches, Parser, Subcommand};
use thiserror::Error;
use tokio::runtime::Runtime;

use crate::{backend::specs, config::ConfigError, policy::Diagnostics};

pub use options::PolicyOption;

const EXAMPLES: &str = "Examples:
  whatsapp-guard demo                       see what it does, nothing to set up
  whatsapp-guard serve                      the MCP server, for a client to start
  whatsapp-guard check --policy mine.toml   what each tool may do under a policy
  whatsapp-guard explain get_session        what would happen to a call, and why
  whatsapp-guard doctor                     whether the back end can be used
  whatsapp-guard init                       a policy to begin with
  whatsapp-guard panic                      stop every server at once, but for reads

Back ends (from the environment; each also as NAME_FILE with a path):";

const EXIT_CODES: &str = "\
Several accounts: [accounts] in the policy file, instead of the environment

Exit codes: 0 fine, 1 failed, 2 wrong usage or configuration";

/// An MCP server that gives agents a WhatsApp toolset, with the safety policy built in.
#[derive(Debug, Parser)]
#[command(name = "whatsapp-guard", version, about, after_help = after_help())]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve MCP on standard input and output, for a client that starts this program
    Serve(serve::Serve),
    /// Play the whole story in front of you: server, client and a simulated WhatsApp
    Demo(demo::Demo),
    /// Check a policy and print what each tool may do under it
    Check(check::Check),
    /// Say what would happen to a call and which rules decide, without sending anything
    Explain(explain::Explain),
    /// Hold a policy against calls with expected verdicts
    Test(test::Test),
    /// Say which calls a change of the policy loosens or tightens
    Diff(diff::Diff),
    /// Show what was counted, what is left and when it comes back
    Limits(limits::Limits),
    /// Write a commented policy to begin with
    Init(init::Init),
    /// Turn a policy of PolicyLayer or Intercept into one for this program
    Import(import::Import),
    /// Stop every running server at once: nothing but reads, or nothing at all
    Panic(panic::Panic),
    /// Make and list the tokens of callers over HTTP
    Grant(grant::Grant),
    /// List the tools by back end, with their risk
    Tools(tools::Tools),
    /// Reach the back end with the configured key and say what is wrong
    Doctor(doctor::Doctor),
    /// Print a completion script for a shell
    Completions(completions::Completions),
}

/// Why a command did not succeed.
#[derive(Debug, Error)]
pub enum CliError {
    /// The configuration cannot be used.
    #[error("error: {0}")]
    Config(#[from] ConfigError),
    /// The policy cannot be used. Colours are taken out where they cannot be seen.
    #[error("{}", .0.render(true).trim_end())]
    Policy(#[from] Diagnostics),
    /// Something was asked for that makes no sense.
    #[error("error: {0}")]
    Usage(String),
    /// It was tried, and failed.
    #[error("error: {0}")]
    Failed(String),
    /// The output is gone, or the system said no.
    #[error("error: {0}")]
    Io(#[from] io::Error),
}

impl CliError {
    /// 2 for wrong usage or configuration, 1 for the rest.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Config(_) | Self::Policy(_) | Self::Usage(_) => ExitCode::from(2),
            // Whoever reads the output may stop reading: `tools | head`.
            Self::Io(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
            Self::Failed(_) | Self::Io(_) => ExitCode::FAILURE,
        }
    }
}

/// Examples, the variables of each back end, and the exit codes.
fn after_help() -> String {
    let mut help = EXAMPLES.to_owned();
    let width = specs()
        .iter()
        .map(|spec| spec.title.len())
        .max()
        .unwrap_or(0);
    for spec in specs() {
        let variables: Vec<_> = spec.keys.iter().map(|key| key.variable).collect();
        let variables = match variables.is_empty() {
            true => "if none of these is set".to_owned(),
            false => variables.join(", "),
        };
        help += &format!("\n  {:width$}  {variables}", spec.title);
    }
    help + "\n" + EXIT_CODES
}

/// Reads the command line. An environment variable that is empty counts as unset.
pub fn parse() -> Cli {
    let matches = unset_empty_variables(Cli::command()).get_matches();
    Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
}

/// The command without the variables that are empty: clap would take them as values.
fn unset_empty_variables(command: clap::Command) -> clap::Command {
    let is_empty = |arg: &Arg| {
        let variable = arg.get_env().and_then(env::var_os);
        variable.is_some_and(|value| value.to_string_lossy().trim().is_empty())
    };
    command
        .mut_args(|arg| match is_empty(&arg) {
            true => arg.env(None::<&str>),
            false => arg,
        })
        .mut_subcommands(unset_empty_variables)
}

/// Does what the command line says.
///
/// # Errors
/// [`CliError`], with the exit code that belongs to it.
pub fn run(cli: Cli) -> Result<ExitCode, CliError> {
    output::log_to_stderr();
    match cli.command {
        Command::Serve(serve) if serve.is_for_many() => block_on_all(serve.run()),
        Command::Serve(serve) => block_on(serve.run()),
        Command::Demo(demo) => block_on(demo.run()),
        Command::Check(check) => check.run(),
        Command::Explain(explain) => explain.run(),
        Command::Test(test) => test.run(),
        Command::Diff(diff) => diff.run(),
        Command::Limits(limits) => limits.run(),
        Command::Init(init) => init.run(),
        Command::Import(import) => import.run(),
        Command::Panic(panic) => panic.run(),
        Command::Grant(grant) => grant.run(),
        Command::Tools(tools) => tools.run(),
        Command::Doctor(doctor) => block_on(doctor.run()),
        Command::Completions(completions) => completions.run(),
    }
}

/// Many clients get all the machine's cores.
fn block_on_all(
    command: impl Future<Output = Result<ExitCode, CliError>>,
) -> Result<ExitCode, CliError> {
    let runtime: Runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let outcome = runtime.block_on(command);
    runtime.shutdown_background();
    outcome
}

/// One thread is enough for one client, and starts faster than several.
fn block_on(
    command: impl Future<Output = Result<ExitCode, CliError>>,
) -> Result<ExitCode, CliError> {
    let runtime: Runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let outcome = runtime.block_on(command);
    // A blocked read of standard input must not hold up the end.
    runtime.shutdown_background();
    outcome
}

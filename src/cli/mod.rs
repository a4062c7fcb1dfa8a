//! The command line: one file for each subcommand.

mod accounts;
mod check;
mod completions;
mod demo;
mod diff;
mod doctor;
mod explain;
mod file_size_signal;
mod grant;
mod http;
mod import;
mod init;
mod limits;
mod live;
mod options;
mod output;
mod panic;
mod permissions;
mod schema;
mod serve;
mod stop_signals;
mod terminal;
mod test;
mod tools;

use std::{env, ffi::OsString, io, process::ExitCode};

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use thiserror::Error;
use tokio::runtime::Builder;

use crate::{
    backend::specs, config::ConfigError, ledger::as_one_call, op, policy::Diagnostics, stderr,
};

pub use options::PolicyOption;

const EXAMPLES: &str = "Examples:
  whatsapp-guard demo                 watch a short demonstration; no setup needed
  whatsapp-guard serve                the MCP server, for a client to start
  whatsapp-guard init                 write a policy file to start with
  whatsapp-guard check mine.toml      what a policy does
  whatsapp-guard explain get_session  what would happen to a call, and why
  whatsapp-guard help send_message    describe one tool
  whatsapp-guard doctor               check the connection to the back end
  whatsapp-guard panic                stop every server at once, except for reads

Back ends, configured by environment variables (or NAME_FILE, the path of a file that
holds the value):";

const EXIT_CODES: &str = "\
For several accounts, use [accounts] in the policy file instead. An empty variable
counts as unset.

Exit codes: 0 success, 1 failure, 2 wrong usage or configuration";

/// An MCP server that gives AI agents WhatsApp tools and checks every call against a policy.
#[derive(Debug, Parser)]
#[command(name = "whatsapp-guard", version, about, after_help = after_help())]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Serve),
    Demo(demo::Demo),
    Check(check::Check),
    Explain(explain::Explain),
    Test(test::TestCommand),
    Diff(diff::Diff),
    Limits(limits::Limits),
    Init(init::Init),
    Schema(schema::SchemaCommand),
    Import(import::Import),
    Panic(panic::Panic),
    Grant(grant::GrantCommand),
    Tools(tools::Tools),
    Doctor(doctor::Doctor),
    Completions(completions::Completions),
}

/// Why a command failed.
#[derive(Debug, Error)]
pub enum CliError {
    /// The configuration is missing or invalid.
    #[error("error: {0}")]
    Config(#[from] ConfigError),
    /// The policy is invalid. `anstream` removes the colours where they cannot be shown.
    #[error("{}", .0.render(true).trim_end())]
    Policy(#[from] Diagnostics),
    /// The command line makes no sense.
    #[error("error: {0}")]
    Usage(String),
    /// The command was run and failed.
    #[error("error: {0}")]
    Failed(String),
    /// Input or output failed.
    #[error("error: {0}")]
    Io(#[from] io::Error),
}

impl CliError {
    /// Whether the reader of the output closed it, as `| head` does. That is no failure
    /// and needs no message.
    pub fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Io(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }

    /// 2 for wrong usage or configuration, 0 for a closed pipe, 1 for the rest.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Config(_) | Self::Policy(_) | Self::Usage(_) => ExitCode::from(2),
            closed if closed.is_closed_pipe() => ExitCode::SUCCESS,
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

/// Parses the command line and exits where it is wrong or asks for help.
pub fn parse() -> Cli {
    let mut command = without_empty_variables(Cli::command());
    let arguments = with_tool_help(env::args_os().collect());
    let matches = command.try_get_matches_from_mut(arguments);
    let matches = matches.unwrap_or_else(|error| error.exit());
    Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.format(&mut command).exit())
}

/// An empty environment variable counts as unset; clap would use the empty value.
fn without_empty_variables(command: clap::Command) -> clap::Command {
    let is_empty =
        |name: &_| env::var_os(name).is_some_and(|value| value.to_string_lossy().trim().is_empty());
    command
        .mut_args(|arg| match arg.get_env() {
            Some(name) if is_empty(name) => arg.env(None::<&str>),
            _ => arg,
        })
        .mut_subcommands(without_empty_variables)
}

/// `help TOOL` means `tools TOOL`, for the name of any tool.
fn with_tool_help(mut arguments: Vec<OsString>) -> Vec<OsString> {
    if let [_, help, tool] = arguments.as_mut_slice()
        && help == "help"
        && tool
            .to_str()
            .is_some_and(|tool| op::find_tool(tool).is_ok())
    {
        *help = "tools".into();
    }
    arguments
}

/// Runs the subcommand; says on standard error why it failed. Returns the exit code.
pub fn run(cli: Cli) -> ExitCode {
    output::log_to_stderr();
    let code = dispatch(cli).unwrap_or_else(|error| {
        if !error.is_closed_pipe() {
            stderr::notify(&error);
        }
        error.exit_code()
    });
    stderr::flush();
    code
}

fn dispatch(cli: Cli) -> Result<ExitCode, CliError> {
    match cli.command {
        Command::Serve(serve) if serve.is_for_many() => {
            block_on(&mut Builder::new_multi_thread(), serve.run())
        }
        // One thread is enough for one client, and starts faster than several.
        Command::Serve(serve) => block_on(&mut Builder::new_current_thread(), serve.run()),
        Command::Demo(demo) => block_on(&mut Builder::new_current_thread(), demo.run()),
        Command::Doctor(doctor) => block_on(&mut Builder::new_current_thread(), doctor.run()),
        Command::Check(check) => block_on(&mut Builder::new_current_thread(), check.run()),
        Command::Explain(explain) => block_on(
            &mut Builder::new_current_thread(),
            as_one_call(explain.run()),
        ),
        Command::Test(test) => test.run(),
        Command::Diff(diff) => diff.run(),
        Command::Limits(limits) => block_on(
            &mut Builder::new_current_thread(),
            as_one_call(limits.run()),
        ),
        Command::Init(init) => init.run(),
        Command::Schema(schema) => schema.run(),
        Command::Import(import) => import.run(),
        Command::Panic(panic) => block_on(&mut Builder::new_current_thread(), panic.run()),
        Command::Grant(grant) => grant.run(),
        Command::Tools(tools) => tools.run(),
        Command::Completions(completions) => completions.run(),
    }
}

fn block_on(
    runtime: &mut Builder,
    command: impl Future<Output = Result<ExitCode, CliError>>,
) -> Result<ExitCode, CliError> {
    let runtime = runtime.enable_all().build()?;
    let outcome = runtime.block_on(async {
        file_size_signal::handle();
        command.await
    });
    // A blocked read of standard input must not delay the exit.
    runtime.shutdown_background();
    outcome
}

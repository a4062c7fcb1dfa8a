//! `demo`: a demonstration of the server, step by step.

mod person;
mod story;

use std::process::ExitCode;

use clap::{Args, ValueEnum};

use super::CliError;
use crate::{
    backend::{self, sandbox, specs},
    cli::options::backend_parser,
    config::{BackendSpec, Config, from_process},
    op::GroupId,
};
use person::TerminalPerson;
use story::Story;

/// Watch a demonstration: server, client and a simulated WhatsApp in one process.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  whatsapp-guard demo
  whatsapp-guard demo --answer accept       answer the question without a terminal
  WAHA_BASE_URL=http://localhost:3000 whatsapp-guard demo --backend waha

Exit codes: 0 every step had the expected result, 1 one did not, 2 wrong configuration")]
pub(super) struct Demo {
    /// Back end to use: the sandbox, or a real one
    #[arg(long, value_name = "NAME", default_value = "sandbox", value_parser = backend_parser())]
    backend: &'static BackendSpec,
    /// Your answer to the question, if there is no terminal
    #[arg(long, value_enum, value_name = "ANSWER")]
    answer: Option<DemoAnswer>,
    /// On a real back end: the group to leave; default: none
    #[arg(long, value_name = "ID", value_parser = GroupId::parse)]
    group: Option<GroupId>,
}

/// The answer to the question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum DemoAnswer {
    /// Yes
    Accept,
    /// No
    Decline,
}

impl Demo {
    pub(super) async fn run(self) -> Result<ExitCode, CliError> {
        let config = Config::read(Some(self.backend), specs(), &from_process)?;
        let person = TerminalPerson::new(self.answer.map(|answer| answer == DemoAnswer::Accept));
        let simulated = self.backend.is_simulated();
        if !simulated {
            person.warn().await?;
        }
        let group = self.group.map(|group| group.to_string());
        let group = group.or_else(|| simulated.then(|| sandbox::FLATMATES.to_owned()));
        let backend = backend::open(&config)?;
        Story::new(backend, person, group)?.play().await
    }
}

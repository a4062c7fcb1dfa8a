//! `demo`: the whole story, played in front of the user.

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
use person::Person;
use story::Story;

/// Play the whole story in front of you.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  whatsapp-guard demo
  whatsapp-guard demo --answer accept       when nobody is at the terminal
  WAHA_BASE_URL=http://localhost:3000 whatsapp-guard demo --backend waha

Exit codes: 0 everything went as told, 1 something did not, 2 wrong configuration")]
pub(super) struct Demo {
    /// Back end to play it on: the sandbox, or a real one
    #[arg(long, value_name = "NAME", default_value = "sandbox", value_parser = backend_parser())]
    backend: &'static BackendSpec,
    /// The person's answer, for when there is no terminal
    #[arg(long, value_enum, value_name = "ANSWER")]
    answer: Option<Answer>,
    /// On a real back end: the group that may be left; nothing is left without it
    #[arg(long, value_name = "ID", value_parser = GroupId::parse)]
    group: Option<GroupId>,
}

/// What the person says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Answer {
    /// Yes to the question
    Accept,
    /// No to the question
    Decline,
}

impl Demo {
    pub(super) async fn run(self) -> Result<ExitCode, CliError> {
        let config = Config::read(Some(self.backend), specs(), &from_process)?;
        let person = Person::new(self.answer.map(|answer| answer == Answer::Accept));
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

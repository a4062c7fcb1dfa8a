//! Whoever sits at the terminal.

use std::io::{self, BufRead, IsTerminal, Write};

use crate::cli::{CliError, output::stdout};

/// The person who is asked: at the terminal, or by an answer given beforehand.
pub(super) struct Person {
    given: Option<bool>,
    terminal: bool,
}

impl Person {
    pub(super) fn new(given: Option<bool>) -> Self {
        Self {
            given,
            terminal: io::stdin().is_terminal(),
        }
    }

    /// Says what will happen on a real account, and goes on only with a yes.
    pub(super) async fn warn(&self) -> Result<(), CliError> {
        writeln!(
            stdout(),
            "This plays on a real WhatsApp account: it opens the session eleven times, and with\n\
             --group it asks to leave that group."
        )?;
        if self.says_yes("Go on?").await? {
            Ok(())
        } else {
            Err(CliError::Usage(
                "not without a yes; say it at the terminal or with --answer accept".into(),
            ))
        }
    }

    /// Asks; without a terminal and without `--answer` the answer is no.
    pub(super) async fn says_yes(&self, question: &str) -> Result<bool, CliError> {
        let mut out = stdout();
        write!(out, "{question} [y/n] ")?;
        out.flush()?;
        let yes = match (self.given, self.terminal) {
            (Some(yes), _) => {
                writeln!(out, "{} (--answer)", if yes { "y" } else { "n" })?;
                yes
            }
            (None, false) => {
                writeln!(out, "n (no terminal; --answer says otherwise)")?;
                false
            }
            (None, true) => matches!(read_line().await?.trim(), "y" | "Y" | "yes"),
        };
        Ok(yes)
    }
}

async fn read_line() -> io::Result<String> {
    tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line)?;
        Ok(line)
    })
    .await
    .map_err(io::Error::other)?
}

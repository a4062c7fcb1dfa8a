//! The person at the terminal.

use std::io::{self, BufRead, IsTerminal, Write};

use crate::cli::{CliError, output::stdout};

/// Answers questions: the person at the terminal, or the answer in `--answer`.
pub(super) struct TerminalPerson {
    given: Option<bool>,
    terminal: bool,
}

impl TerminalPerson {
    pub(super) fn new(given: Option<bool>) -> Self {
        Self {
            given,
            terminal: io::stdin().is_terminal(),
        }
    }

    /// Explains what will happen on a real account, and fails unless the answer is yes.
    pub(super) async fn warn(&self) -> Result<(), CliError> {
        writeln!(
            stdout(),
            "This runs on a real WhatsApp account: it opens the session eleven times, and with\n\
             --group it asks to leave that group."
        )?;
        if self.confirms("Continue?").await? {
            Ok(())
        } else {
            Err(CliError::Usage(
                "a real account needs your consent: answer y at the terminal, or give --answer accept".into(),
            ))
        }
    }

    /// Asks; the answer is no without a terminal and without `--answer`.
    pub(super) async fn confirms(&self, question: &str) -> Result<bool, CliError> {
        let mut out = stdout();
        write!(out, "{question} [y/n] ")?;
        out.flush()?;
        let yes = match (self.given, self.terminal) {
            (Some(yes), _) => {
                writeln!(out, "{} (--answer)", if yes { "y" } else { "n" })?;
                yes
            }
            (None, false) => {
                writeln!(out, "n (no terminal; --answer sets another answer)")?;
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

//! The terminal: its width, and questions to the person at it.

use std::io::{self, BufRead, BufReader, Write};

use super::CliError;

/// Asks a yes-or-no question on the terminal itself, not on standard input and output.
///
/// # Errors
/// [`CliError::Usage`] without a terminal: a script must not answer.
pub(super) fn confirm(question: &str) -> Result<bool, CliError> {
    let (read, mut write) = open().map_err(|_| {
        CliError::Usage("only a person may decide this: run it in a terminal".to_owned())
    })?;
    write!(write, "{question} [y/N] ")?;
    write.flush()?;
    let mut answer = String::new();
    BufReader::new(io::Read::take(read, 100)).read_line(&mut answer)?;
    let answer = answer.trim();
    Ok(answer.eq_ignore_ascii_case("y") || answer.eq_ignore_ascii_case("yes"))
}

/// The width of the terminal that standard output is; `None` if it is none.
#[cfg(unix)]
pub(super) fn columns() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

#[cfg(not(unix))]
pub(super) fn columns() -> Option<usize> {
    None
}

type Ends = (Box<dyn io::Read>, Box<dyn io::Write>);

#[cfg(unix)]
fn open() -> io::Result<Ends> {
    let terminal = std::fs::File::options()
        .read(true)
        .write(true)
        .open("/dev/tty")?;
    Ok((Box::new(terminal.try_clone()?), Box::new(terminal)))
}

#[cfg(not(unix))]
fn open() -> io::Result<Ends> {
    use std::io::IsTerminal;
    if io::stdin().is_terminal() && io::stderr().is_terminal() {
        Ok((Box::new(io::stdin()), Box::new(io::stderr())))
    } else {
        Err(io::ErrorKind::NotFound.into())
    }
}

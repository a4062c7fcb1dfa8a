//! The person at the terminal.

use std::{
    io::{self, BufRead, BufReader, Write},
    process::ExitCode,
};

use super::CliError;

/// Asks a person for a yes, past whatever standard input and output are.
///
/// # Errors
/// When there is no terminal: what a script may not decide is refused to it.
pub(super) fn ask(question: &str) -> Result<bool, CliError> {
    let nobody =
        |_| CliError::Usage("this is for a person to decide: run it in a terminal".to_owned());
    let (read, mut write) = open().map_err(nobody)?;
    write!(write, "{question} [y/N] ")?;
    write.flush()?;
    let mut answer = String::new();
    BufReader::new(io::Read::take(read, 100)).read_line(&mut answer)?;
    let answer = answer.trim();
    Ok(answer.eq_ignore_ascii_case("y") || answer.eq_ignore_ascii_case("yes"))
}

/// What a command that the person declined exits with.
pub(super) const DECLINED: ExitCode = ExitCode::FAILURE;

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

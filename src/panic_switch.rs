//! The switch that stops every server of a state directory.
//!
//! It is a file, so that it works whatever the servers are doing, and no tool writes it.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

use crate::state;

/// A file of this length is none that was written here.
const LONG: usize = 64;

/// What the switch lets through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// What the policy says.
    Off,
    /// Nothing but reads.
    ReadsOnly,
    /// Nothing.
    Everything,
}

/// The switch of a state directory.
#[derive(Debug, Clone)]
pub struct Switch {
    directory: PathBuf,
    file: PathBuf,
}

impl State {
    /// The word for what is stopped; it also stands in the file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::ReadsOnly => "reads",
            Self::Everything => "all",
        }
    }
}

impl Switch {
    /// The switch of this state directory.
    pub fn at(directory: &Path) -> Self {
        Self {
            directory: directory.to_owned(),
            file: directory.join("panic"),
        }
    }

    /// The file that it is.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// What holds now, read anew each time; what cannot be read or understood is the
    /// strictest.
    pub fn state(&self) -> State {
        match self.read() {
            Ok(text) if text.len() < LONG && text.trim_ascii() == b"reads" => State::ReadsOnly,
            Err(error) if error.kind() == io::ErrorKind::NotFound => State::Off,
            Ok(_) | Err(_) => State::Everything,
        }
    }

    /// Puts the switch; it has reached the disk when this returns.
    ///
    /// # Errors
    /// When the file cannot be written or taken away; the switch is then as it was.
    pub fn set(&self, state: State) -> io::Result<()> {
        if state == State::Off {
            return self.clear();
        }
        state::make(&self.directory)?;
        let mut new = NamedTempFile::new_in(&self.directory)?;
        writeln!(new, "{}", state.name())?;
        new.as_file().sync_all()?;
        new.persist(&self.file)?;
        self.settle()
    }

    /// Takes the switch away; it is fine when there is none.
    ///
    /// # Errors
    /// When the file cannot be taken away.
    pub fn clear(&self) -> io::Result<()> {
        match fs::remove_file(&self.file) {
            Ok(()) => self.settle(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn read(&self) -> io::Result<Vec<u8>> {
        let mut options = OpenOptions::new();
        options.read(true);
        // A pipe must not hold up the call, and a link that leads nowhere is not "off".
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::custom_flags(
            &mut options,
            (rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOFOLLOW)
                .bits()
                .cast_signed(),
        );
        let mut text = Vec::new();
        options
            .open(&self.file)?
            .take(LONG as u64)
            .read_to_end(&mut text)?;
        Ok(text)
    }

    /// Makes the directory's entry durable.
    fn settle(&self) -> io::Result<()> {
        if cfg!(unix) {
            File::open(&self.directory)?.sync_all()?;
        }
        Ok(())
    }
}

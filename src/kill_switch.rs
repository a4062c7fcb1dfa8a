//! The switch that stops every server of a state directory, or of a Redis.
//!
//! It is a file or a key, so that it works whatever the servers are doing, and no tool
//! writes it.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

use crate::{
    ledger::{Shared, SwitchState},
    state_dir,
};

/// A file of this length is none that was written here.
const LONG: usize = 64;

/// The switch of a state directory, or of a Redis.
#[derive(Debug, Clone)]
pub struct Switch(Place);

#[derive(Debug, Clone)]
enum Place {
    Here(Here),
    Shared(Shared),
}

#[derive(Debug, Clone)]
struct Here {
    directory: PathBuf,
    file: PathBuf,
}

impl Switch {
    /// The switch of this state directory.
    pub fn at(directory: &Path) -> Self {
        Self(Place::Here(Here {
            directory: directory.to_owned(),
            file: directory.join("panic"),
        }))
    }

    /// The switch of this Redis.
    pub fn shared(shared: Shared) -> Self {
        Self(Place::Shared(shared))
    }

    /// The file or the Redis that it is in.
    pub fn place(&self) -> String {
        match &self.0 {
            Place::Here(here) => here.file.display().to_string(),
            Place::Shared(shared) => shared.place().to_owned(),
        }
    }

    /// What holds now, read anew each time; what cannot be read or understood is the
    /// strictest.
    pub fn state(&self) -> SwitchState {
        self.ask().unwrap_or(SwitchState::Everything)
    }

    /// What holds now, where it can be asked.
    ///
    /// # Errors
    /// When Redis does not answer.
    pub fn ask(&self) -> io::Result<SwitchState> {
        match &self.0 {
            Place::Here(here) => Ok(here.state()),
            Place::Shared(shared) => shared.switch().map_err(io::Error::other),
        }
    }

    /// Puts the switch; it has reached the disk when this returns, or Redis.
    ///
    /// # Errors
    /// When it cannot be put or taken away; a file is then as it was.
    pub fn set(&self, state: SwitchState) -> io::Result<()> {
        match &self.0 {
            Place::Here(here) => here.set(state),
            Place::Shared(shared) => shared.put_switch(state).map_err(io::Error::other),
        }
    }

    /// Takes the switch away; it is fine when there is none.
    ///
    /// # Errors
    /// When it cannot be taken away.
    pub fn clear(&self) -> io::Result<()> {
        self.set(SwitchState::Off)
    }
}

impl Here {
    fn state(&self) -> SwitchState {
        match self.read() {
            Ok(text) if text.len() < LONG && text.trim_ascii() == b"reads" => {
                SwitchState::ReadsOnly
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => SwitchState::Off,
            Ok(_) | Err(_) => SwitchState::Everything,
        }
    }

    fn set(&self, state: SwitchState) -> io::Result<()> {
        if state == SwitchState::Off {
            return self.clear();
        }
        state_dir::make(&self.directory)?;
        let mut new = NamedTempFile::new_in(&self.directory)?;
        writeln!(new, "{}", state.name())?;
        new.as_file().sync_all()?;
        new.persist(&self.file)?;
        self.settle()
    }

    fn clear(&self) -> io::Result<()> {
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

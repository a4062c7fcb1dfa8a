//! The kill switch: stops every server that uses a state directory or a Redis.
//!
//! It is a file or a key, so that it works whatever the servers are doing. No tool writes
//! it.

mod hand_over;

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use tempfile::NamedTempFile;
use tokio::time::sleep;

pub use hand_over::HandOver;

use crate::{
    ledger::{Shared, SwitchEpoch, SwitchReading, SwitchState},
    state_dir,
};

/// A file of this length was not written by this program.
const MAX_FILE_BYTES: usize = 64;

/// How long a state that was read from Redis holds. A file is read whenever the state is
/// needed; Redis may be out of reach, and cannot be asked without waiting.
pub const SHARED_LEASE: Duration = Duration::from_secs(2);

/// The kill switch of a state directory or of a Redis.
#[derive(Debug, Clone)]
pub struct Switch(Location);

#[derive(Debug, Clone)]
enum Location {
    File(SwitchFile),
    Redis(Shared),
}

#[derive(Debug, Clone)]
struct SwitchFile {
    directory: PathBuf,
    file: PathBuf,
}

impl Switch {
    /// The switch of this state directory.
    pub fn at(directory: &Path) -> Self {
        Self(Location::File(SwitchFile {
            directory: directory.to_owned(),
            file: directory.join("panic"),
        }))
    }

    /// The switch of this Redis.
    pub fn shared(shared: Shared) -> Self {
        Self(Location::Redis(shared))
    }

    /// The path of the file, or the address of the Redis.
    pub fn location(&self) -> String {
        match &self.0 {
            Location::File(switch) => switch.file.display().to_string(),
            Location::Redis(shared) => shared.location().to_owned(),
        }
    }

    /// The current state; the strictest one if it cannot be read or understood.
    pub async fn state(&self) -> SwitchState {
        match self.read().await {
            Ok(reading) => reading.state,
            Err(_) => SwitchState::Everything,
        }
    }

    /// The switch now. A file that cannot be understood is the strictest state.
    ///
    /// # Errors
    /// If Redis does not answer.
    pub async fn read(&self) -> io::Result<SwitchReading> {
        match &self.0 {
            Location::File(switch) => Ok(switch.reading(hand_over::epoch(&switch.directory))),
            Location::Redis(shared) => shared.switch().await.map_err(io::Error::other),
        }
    }

    /// Sets the state; only `Off` loosens a stop, and begins another epoch. It has reached the
    /// disk, or Redis, when this returns. Returns the state afterwards.
    ///
    /// # Errors
    /// If the state cannot be set. A file is unchanged then; Redis may have set it.
    pub async fn set(&self, state: SwitchState) -> io::Result<SwitchState> {
        match &self.0 {
            Location::File(switch) => switch.set(state),
            Location::Redis(shared) => shared.set_switch(state).await.map_err(io::Error::other),
        }
    }

    /// The switch at the moment at which a request is handed over. The request may be written
    /// while the result is held: until then [`settle`](Self::settle) waits. `None` for Redis,
    /// where a state that was read before holds for [`SHARED_LEASE`].
    pub fn hand_over(&self) -> Option<(SwitchReading, Option<HandOver>)> {
        let Location::File(switch) = &self.0 else {
            return None;
        };
        // The lock comes first: what is read under it stays true until it is released.
        Some(match HandOver::begin(&switch.directory) {
            Ok(held) => (switch.reading(held.epoch()), Some(held)),
            Err(_) => (SwitchReading::unknown(), None),
        })
    }

    /// As [`hand_over`](Self::hand_over), for a request that changes nothing: it needs no lock
    /// where none can be taken, so that reading goes on in a directory that cannot be written,
    /// and while `panic` holds the lock after it has set the switch.
    pub fn hand_over_read(&self) -> Option<(SwitchReading, Option<HandOver>)> {
        let Location::File(switch) = &self.0 else {
            return None;
        };
        let held = HandOver::begin(&switch.directory).ok();
        let epoch = hand_over::epoch(&switch.directory);
        Some((switch.reading(epoch), held))
    }

    /// Waits until every request that was handed over under an earlier state is written.
    ///
    /// # Errors
    /// If a request is not written in time, or if that cannot be found out.
    pub async fn settle(&self) -> io::Result<()> {
        match &self.0 {
            Location::File(switch) => hand_over::settle(&switch.directory).await,
            Location::Redis(_) => {
                sleep(SHARED_LEASE).await;
                Ok(())
            }
        }
    }
}

impl SwitchFile {
    /// The switch, given the epoch that was read before.
    fn reading(&self, epoch: io::Result<SwitchEpoch>) -> SwitchReading {
        epoch.map_or_else(
            |_| SwitchReading::unknown(),
            |epoch| SwitchReading {
                state: self.state(),
                epoch,
            },
        )
    }

    fn state(&self) -> SwitchState {
        match self.read() {
            Ok(text) if text.len() < MAX_FILE_BYTES => SwitchState::parse(text.trim_ascii()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => SwitchState::Off,
            Ok(_) | Err(_) => SwitchState::Everything,
        }
    }

    fn set(&self, state: SwitchState) -> io::Result<SwitchState> {
        let held = self.state();
        if state == SwitchState::Off {
            if held == SwitchState::Off {
                return Ok(held);
            }
            // The epoch ends while calls are stopped: what was decided in it stays stopped.
            hand_over::begin_epoch(&self.directory)?;
            match fs::remove_file(&self.file) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
        } else if held == SwitchState::Everything
            && fs::symlink_metadata(&self.file).is_ok()
            && state == SwitchState::ReadsOnly
        {
            // A second `panic` in a hurry must not loosen the first one.
            return Ok(held);
        } else {
            state_dir::create(&self.directory)?;
            let mut new = NamedTempFile::new_in(&self.directory)?;
            writeln!(new, "{}", state.name())?;
            new.as_file().sync_all()?;
            new.persist(&self.file)?;
        }
        // Makes the directory entry durable.
        if cfg!(unix) {
            File::open(&self.directory)?.sync_all()?;
        }
        Ok(self.state())
    }

    fn read(&self) -> io::Result<Vec<u8>> {
        let mut options = OpenOptions::new();
        options.read(true);
        // A named pipe must not block the call, and a dangling link does not mean "off".
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
            .take(MAX_FILE_BYTES as u64)
            .read_to_end(&mut text)?;
        Ok(text)
    }
}

//! The lock by which `panic` waits for requests that are being handed over.
//!
//! A server takes it shared, reads the switch, and holds it until its request is written.
//! `panic` sets the switch first and then takes the lock exclusively: whoever comes later
//! reads the new state, and whoever came earlier has written its request.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Write},
    path::Path,
    time::Duration,
};

use tokio::time::{Instant, sleep};

use crate::{ledger::SwitchEpoch, state_dir};

/// The file beside the switch, which stays. Its length is the switch's epoch.
const LOCK_FILE: &str = "panic.lock";

/// How long `panic` waits for requests that are being handed over. Each takes at most half
/// a second.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(2);

/// The delay between two attempts to take the lock.
const RETRY_DELAY: Duration = Duration::from_millis(5);

/// Held while a request is handed over.
#[derive(Debug)]
pub struct HandOver(File);

impl HandOver {
    /// Takes the lock shared.
    ///
    /// # Errors
    /// If the file cannot be opened, or while `panic` holds the lock.
    pub(super) fn begin(directory: &Path) -> io::Result<Self> {
        let file = open(directory)?;
        file.try_lock_shared()?;
        Ok(Self(file))
    }

    /// The switch's epoch.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub(super) fn epoch(&self) -> io::Result<SwitchEpoch> {
        Ok(SwitchEpoch(self.0.metadata()?.len()))
    }
}

/// The switch's epoch.
///
/// # Errors
/// If the file cannot be read.
pub(super) fn epoch(directory: &Path) -> io::Result<SwitchEpoch> {
    match fs::symlink_metadata(directory.join(LOCK_FILE)) {
        Ok(file) if file.is_file() => Ok(SwitchEpoch(file.len())),
        Ok(_) => Err(io::Error::other("it is no regular file")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(SwitchEpoch::default()),
        Err(error) => Err(error),
    }
}

/// Begins another epoch.
///
/// # Errors
/// If the file cannot be written.
pub(super) fn begin_epoch(directory: &Path) -> io::Result<()> {
    open(directory)?.write_all(b"\n")
}

/// Waits until every request that was being handed over is written.
///
/// # Errors
/// If that takes longer than [`SETTLE_TIMEOUT`], or if the file cannot be opened.
pub(super) async fn settle(directory: &Path) -> io::Result<()> {
    let file = open(directory)?;
    let deadline = Instant::now() + SETTLE_TIMEOUT;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                sleep(RETRY_DELAY).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

fn open(directory: &Path) -> io::Result<File> {
    let path = directory.join(LOCK_FILE);
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        // A named pipe in its place must not block.
        let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOFOLLOW;
        options.mode(0o600).custom_flags(flags.bits().cast_signed());
    }
    match options.open(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            state_dir::create(directory)?;
            options.open(&path)
        }
        opened => opened,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn settling_waits_for_what_is_handed_over_and_no_longer_than_it_says() {
        let folder = tempfile::tempdir().unwrap();
        let directory = folder.path().join("not/there/yet");
        settle(&directory).await.unwrap();
        let (one, other) = (HandOver::begin(&directory), HandOver::begin(&directory));
        let waiting = tokio::spawn({
            let directory = directory.clone();
            async move { settle(&directory).await }
        });
        drop(one);
        sleep(Duration::from_millis(50)).await;
        assert!(!waiting.is_finished(), "the other is still held");
        drop(other);
        waiting.await.unwrap().unwrap();
        let _held = HandOver::begin(&directory).unwrap();
        let error = settle(&directory).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    }

    #[test]
    fn nothing_is_handed_over_while_it_is_settled() {
        let folder = tempfile::tempdir().unwrap();
        let alone = open(folder.path()).unwrap();
        alone.try_lock().unwrap();
        assert!(HandOver::begin(folder.path()).is_err());
        drop(alone);
        assert!(HandOver::begin(folder.path()).is_ok());
    }

    #[cfg(unix)]
    #[test]
    fn what_stands_in_its_place_holds_everything() {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/dev/null", folder.path().join(LOCK_FILE)).unwrap();
        assert!(HandOver::begin(folder.path()).is_err());
    }
}

//! Standard error, written on a thread of its own: nobody who logs waits for whoever reads
//! it, or for nobody.

use std::{
    fmt::Display,
    io::{self, Write},
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

/// The most texts that wait to be written; further ones are lost, and counted.
const MAX_QUEUED_TEXTS: usize = 1024;

/// How long the end of the program waits for what is queued.
const FLUSH_TIMEOUT: Duration = Duration::from_millis(200);

static QUEUE: OnceLock<Option<SyncSender<Queued>>> = OnceLock::new();

static LOST: AtomicU64 = AtomicU64::new(0);

enum Queued {
    Text(Vec<u8>),
    /// Everything before it is written once this sender is dropped.
    Flush(SyncSender<()>),
}

/// Writes a line, in colour only to a terminal. A closed standard error is no failure.
pub(crate) fn notify(line: impl Display) {
    queue(format!("{line}\n").into_bytes());
}

/// Waits until what was queued is written, but not long.
pub(crate) fn flush() {
    let Some(Some(queue)) = QUEUE.get() else {
        return;
    };
    let (written, waiting) = sync_channel(0);
    if queue.try_send(Queued::Flush(written)).is_ok() {
        // The end of the sender, or too late.
        let _ = waiting.recv_timeout(FLUSH_TIMEOUT);
    }
}

/// A writer of whole texts, for a log.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stderr;

impl Write for Stderr {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        queue(bytes.to_vec());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn queue(text: Vec<u8>) {
    let Some(queue) = QUEUE.get_or_init(start) else {
        return;
    };
    if queue.try_send(Queued::Text(text)).is_err() {
        LOST.fetch_add(1, Ordering::Relaxed);
    }
}

/// `None` where there is no thread for it.
fn start() -> Option<SyncSender<Queued>> {
    let (sender, receiver) = sync_channel(MAX_QUEUED_TEXTS);
    let thread = thread::Builder::new().name("stderr".to_owned());
    thread.spawn(move || write_all(&receiver)).ok()?;
    Some(sender)
}

fn write_all(messages: &Receiver<Queued>) {
    let mut stderr = anstream::stderr();
    while let Ok(message) = messages.recv() {
        // Standard error may be closed.
        match message {
            Queued::Text(text) => drop(stderr.write_all(&text)),
            Queued::Flush(written) => drop(written),
        }
        match LOST.swap(0, Ordering::Relaxed) {
            0 => {}
            lost => drop(writeln!(
                stderr,
                "warning: {lost} lines of the log are lost: nobody read them in time"
            )),
        }
    }
}

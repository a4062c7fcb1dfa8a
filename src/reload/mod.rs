//! Reloads the policy when its files change.
//!
//! The files are watched and read on a thread of their own, so no call waits for them.

mod debounce;
mod reloader;
mod sighup;
mod watch;
mod watch_paths;

use std::{path::PathBuf, sync::mpsc::channel, thread};

use crate::mcp::Server;
use debounce::Trigger;
use reloader::{Reloader, notify};
use sighup::Sighup;

/// Watches a policy file and the files it includes, and reloads them while the server
/// runs. It starts once a session is open.
pub async fn follow(path: PathBuf, server: Server) {
    let mut sighup = Sighup::handle();
    server.opened().await;
    let (sender, triggers) = channel();
    let changes = sender.clone();
    let started = thread::Builder::new()
        .name("policy".to_owned())
        .spawn(move || Reloader::new(path, server).run(changes, &triggers));
    if let Err(error) = started {
        notify(&format!(
            "warning: changes of the policy will not be noticed: {error}"
        ));
        return;
    }
    loop {
        sighup.recv().await;
        if sender.send(Trigger::Sighup).is_err() {
            return;
        }
    }
}

//! Reloads the policy when its files change.
//!
//! The files are watched and read on a thread of their own, so no call waits for them.

mod debounce;
mod reloader;
mod sighup;
mod watch;
mod watch_paths;

use std::{
    path::PathBuf,
    sync::mpsc::{Sender, channel},
    thread,
};

use crate::{mcp::Server, stderr::notify};
use debounce::Trigger;
use reloader::Reloader;
use sighup::Sighup;

/// Watches a policy file, if there is one, and the files it includes, and reloads them
/// while the server runs. It starts once a session is open. SIGHUP opens the audit anew too.
pub async fn follow(path: Option<PathBuf>, server: Server) {
    let mut sighup = Sighup::handle();
    server.opened().await;
    let triggers = path.and_then(|path| reload(path, server.clone()));
    loop {
        sighup.recv().await;
        server.reopen_audit();
        if let Some(triggers) = &triggers {
            // The thread has broken off if nobody receives it.
            let _ = triggers.send(Trigger::Sighup);
        }
    }
}

/// Starts the thread that reloads a policy; returns what triggers it.
fn reload(path: PathBuf, server: Server) -> Option<Sender<Trigger>> {
    let (sender, triggers) = channel();
    let changes = sender.clone();
    let started = thread::Builder::new()
        .name("policy".to_owned())
        .spawn(move || Reloader::new(path, server).run(changes, &triggers));
    if let Err(error) = started {
        notify(format!(
            "warning: changes of the policy will not be noticed: {error}"
        ));
        return None;
    }
    Some(sender)
}

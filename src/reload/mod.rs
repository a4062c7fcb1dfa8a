//! Putting a policy in force again when its files have changed.
//!
//! Nothing of this is on the way of a call: the files are watched and read on a thread of
//! their own, once a session is open.

mod bell;
mod follower;
mod hangups;
mod watch;
mod way;

use std::{path::PathBuf, thread};

use crate::mcp::Server;
use bell::{Bell, Cause};
use follower::Follower;
use hangups::Hangups;

/// Follows a policy file as long as the server runs.
pub async fn follow(path: PathBuf, server: Server) {
    let mut hangups = Hangups::new();
    server.opened().await;
    let bell = Bell::default();
    let inner = bell.clone();
    let following = thread::Builder::new()
        .name("policy".to_owned())
        .spawn(move || Follower::new(path, server).run(&inner));
    if let Err(error) = following {
        follower::say(&format!(
            "warning: changes of the policy are not followed: {error}"
        ));
        return;
    }
    loop {
        hangups.next().await;
        bell.ring(Cause::Asked);
    }
}

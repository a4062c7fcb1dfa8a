//! The built-in stand-in for a WAHA server: an account in memory behind a loopback
//! port, with the paths and answers of WAHA on its NOWEB engine.

mod answers;
mod chats;
mod contacts;
mod files;
mod group_settings;
mod groups;
mod history;
mod made;
mod media;
mod members;
mod messages;
mod past;
mod pictures;
mod presence;
mod profile;
mod reply;
mod sending;
mod session;
mod window;

use std::{
    io,
    net::Ipv4Addr,
    sync::{Arc, Mutex, PoisonError},
};

use axum::Router;
use tokio::{net::TcpListener, task::JoinHandle};
use url::Url;

use answers::Answers;
use chats::Chats;
use contacts::Contacts;
use files::Files;
use group_settings::Invites;
use groups::Groups;
use history::Messages;
use presence::Presences;
use profile::Profile;
use session::Session;

/// The account that scans the code.
const ME: &str = "15550001111@c.us";

/// What the sandbox remembers, one part for each topic.
#[derive(Default)]
struct State {
    session: Session,
    profile: Profile,
    groups: Groups,
    messages: Messages,
    answers: Answers,
    contacts: Contacts,
    presences: Presences,
    chats: Chats,
    invites: Invites,
    files: Files,
}

type Shared = Arc<Mutex<State>>;

/// A sandbox that answers until it is dropped.
pub struct Running {
    url: Url,
    state: Shared,
    server: JoinHandle<io::Result<()>>,
}

/// Starts a sandbox on a free loopback port.
///
/// # Errors
/// When no port can be had.
pub async fn start() -> io::Result<Running> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let state = Shared::default();
    let app = Router::new()
        .merge(session::routes())
        .merge(profile::routes())
        .merge(groups::routes())
        .merge(messages::routes())
        .merge(sending::routes())
        .merge(media::routes())
        .merge(files::routes())
        .merge(contacts::routes())
        .merge(presence::routes())
        .merge(chats::routes())
        .merge(group_settings::routes())
        .merge(pictures::routes())
        .merge(members::routes())
        .with_state(state.clone());
    Ok(Running {
        url: Url::parse(&format!("http://{address}")).map_err(io::Error::other)?,
        state,
        server: tokio::spawn(async move { axum::serve(listener, app).await }),
    })
}

impl Running {
    /// Where it listens.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Plays the phone that scans the QR code.
    pub fn scan(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.session.scan();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.server.abort();
    }
}

//! The sandbox's HTTP server, which starts at the first call.

use std::{io, net::Ipv4Addr, sync::Arc};

use axum::Router;
use tokio::{net::TcpListener, sync::OnceCell, task::AbortHandle};
use url::Url;

use super::{
    Shared, chats, contacts, files, group_settings, groups, media, members, messages, pictures,
    presence, profile, reply::lock, sending, session,
};
use crate::{
    backend::http::{Locate, Located},
    op::BackendError,
};

/// A server that answers from its first call until it is dropped.
#[derive(Default)]
pub(super) struct Server {
    state: Shared,
    running: OnceCell<Running>,
}

struct Running {
    url: Url,
    task: AbortHandle,
}

impl Server {
    /// Plays the phone that scans the QR code.
    pub(super) fn scan(&self) {
        lock(&self.state).session.scan();
    }

    /// Listens on a free loopback port.
    async fn start(&self) -> io::Result<Running> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
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
            .with_state(self.state.clone());
        let serving = tokio::spawn(async move { axum::serve(listener, app).await });
        Ok(Running {
            url: Url::parse(&format!("http://{address}")).map_err(io::Error::other)?,
            task: serving.abort_handle(),
        })
    }
}

impl Locate for Arc<Server> {
    fn is_encrypted(&self) -> bool {
        false
    }

    fn locate(&self) -> Located<'_> {
        Box::pin(async {
            let running = self.running.get_or_try_init(|| self.start()).await;
            running
                .map(|running| running.url.clone())
                .map_err(|error| BackendError::internal(&error))
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

//! A WhatsApp account in memory. It is a server on a loopback port with the paths and
//! answers of WAHA on its NOWEB engine, and WAHA's client calls it.

mod auto_replies;
mod chats;
mod contacts;
mod files;
mod first_files;
mod group_settings;
mod groups;
mod history;
mod members;
mod messages;
mod past;
mod pictures;
mod presence;
mod profile;
mod request;
mod routes;
mod sending;
mod server;
mod session;

use std::{pin::Pin, sync::Arc};

use url::Url;

use super::{Backend, BackendKind, CheckResult, http::Locate, waha::Waha};
use crate::{
    config::{BackendSpec, Config},
    op::BackendError,
    toolset::{Authority, Toolset},
};
use auto_replies::AutoReplies;
use chats::SandboxChats;
use contacts::Contacts;
use files::SandboxFiles;
use group_settings::Invites;
use groups::Groups;
use history::Messages;
use presence::SandboxPresence;
use profile::SandboxProfile;
use server::SandboxServer;
use session::SandboxSession;

/// The sandbox in the table of back ends.
pub(super) static KIND: BackendKind = BackendKind {
    spec: BackendSpec {
        name: "sandbox",
        title: "sandbox",
        about: "The built-in sandbox: a simulated WhatsApp",
        keys: &[],
        states: super::waha::KIND.spec.states,
    },
    open: |config| Ok(Box::new(Sandbox::new(config))),
};

/// The notice in every answer.
pub const NOTICE: &str = "sandbox: a simulated WhatsApp, nothing here is real";

/// The group that the demo leaves.
pub const FLATMATES: &str = "120363000000000002@g.us";

/// The account that scans the code.
const ME: &str = "15550001111@c.us";

/// The state of the account, one part for each topic.
#[derive(Default)]
struct SandboxState {
    session: SandboxSession,
    profile: SandboxProfile,
    groups: Groups,
    messages: Messages,
    auto_replies: AutoReplies,
    contacts: Contacts,
    presence: SandboxPresence,
    chats: SandboxChats,
    invites: Invites,
    files: SandboxFiles,
}

/// The description of the sandbox.
pub fn spec() -> &'static BackendSpec {
    &KIND.spec
}

/// A sandbox, and WAHA's client for it.
pub struct Sandbox {
    server: Arc<SandboxServer>,
    waha: Waha,
}

impl Sandbox {
    /// A new account, whose server starts at the first call.
    pub fn new(config: &Config) -> Self {
        let server = Arc::new(SandboxServer::default());
        Self {
            waha: Waha::at(server.clone(), config),
            server,
        }
    }

    /// The address of its server, which starts now if it has not.
    ///
    /// # Errors
    /// When there is no free port.
    pub async fn url(&self) -> Result<Url, BackendError> {
        self.server.locate().await
    }
}

impl Backend for Sandbox {
    fn toolset(&self) -> (Toolset, Authority) {
        let (tools, authority) = self.waha.toolset();
        (tools.with_notice(NOTICE), authority)
    }

    fn examine(&self) -> Pin<Box<dyn Future<Output = Vec<CheckResult>> + Send + '_>> {
        self.waha.examine()
    }

    fn scan(&self) -> bool {
        self.server.scan();
        true
    }
}

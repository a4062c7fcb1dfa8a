//! Notifies connected clients when another policy changes a list of theirs.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use http::request::Parts;
use rmcp::{
    ErrorData, RoleServer,
    service::{NotificationContext, Peer, ServiceError, SubscriptionContext},
};
use tokio_util::sync::CancellationToken;

use super::Server;
use crate::{
    gate::{Caller, Gate},
    policy::{Diagnostics, Policy},
    sessions::SessionGuard,
};

/// Digests of what a caller is shown, as far as a policy decides on it: there may be
/// thousands of sessions.
struct Shown {
    tools: u64,
    resources: u64,
    prompts: u64,
}

/// The lists whose changes a client is notified of.
struct Lists {
    tools: bool,
    resources: bool,
    prompts: bool,
}

impl Server {
    /// The gate of its first account.
    pub fn gate(&self) -> &Gate {
        &self.0.first.gate
    }

    /// The name that its caller goes by.
    pub fn grant(&self) -> &str {
        &self.0.grant
    }

    /// Waits until a session is open.
    pub async fn opened(&self) {
        self.0.opened.notified().await;
    }

    /// Puts another policy in force, and notifies the clients for which that changes a list.
    pub fn replace(&self, policy: Policy) {
        let policy = Arc::new(policy);
        for account in self.accounts() {
            account.gate.replace(policy.clone());
        }
        self.0.changes.send_modify(|times| *times += 1);
    }

    /// Takes note that what the policy's files say now is not in force.
    pub fn reject(&self, wrong: &Diagnostics) {
        self.accounts()
            .for_each(|account| account.gate.reject(wrong));
    }

    /// Takes note that the policy's files say again what is in force.
    pub fn settle(&self) {
        self.accounts().for_each(|account| account.gate.settle());
    }

    /// Tells a client of 2025-11-25 or before, until its session ends.
    pub(super) async fn tell(&self, cx: NotificationContext<RoleServer>) {
        let NotificationContext {
            peer, extensions, ..
        } = cx;
        let mut changes = self.0.changes.subscribe();
        let head = extensions.get::<Parts>();
        let ended = match head.and_then(|head| head.extensions.get::<SessionGuard>()) {
            Some(guard) => match guard.notify() {
                Some(ended) => ended,
                None => return,
            },
            // On stdio the end of the client is the end of the server.
            None => CancellationToken::new(),
        };
        let client = peer.peer_info();
        let client = client.and_then(|client| client.capabilities.elicitation.clone());
        let caller = self.caller_who(client, head);
        // What is left of the request would keep the session in use.
        drop(extensions);
        let mut shown = self.shown(&caller);
        while let Some(Ok(())) = ended.run_until_cancelled(changes.changed()).await {
            let lists = shown.update(self.shown(&caller));
            if let Err(error) = notify(&peer, &lists).await {
                tracing::info!(%error, "the client could not be notified of a change");
            }
        }
    }

    /// Tells a client of 2026-07-28 that listens, of what it asked for.
    pub(super) async fn tell_listener(&self, cx: &SubscriptionContext) -> Result<(), ErrorData> {
        let caller = self.caller(cx.request_context());
        let Some(_place) = self.0.listeners.take(&caller.grant, 1) else {
            let reason = "too many listeners are open; close one, then listen again";
            return Err(ErrorData::internal_error(reason, None));
        };
        let mut changes = self.0.changes.subscribe();
        let mut shown = self.shown(&caller);
        let wants = |wanted: Option<bool>| wanted == Some(true);
        loop {
            tokio::select! {
                () = cx.cancelled() => return Ok(()),
                changed = changes.changed() => if changed.is_err() { return Ok(()) },
            }
            let lists = shown.update(self.shown(&caller));
            let (sink, accepted) = (cx.sink(), cx.accepted());
            let told = async {
                if lists.tools && wants(accepted.tools_list_changed) {
                    sink.notify_tool_list_changed().await?;
                }
                if lists.resources && wants(accepted.resources_list_changed) {
                    sink.notify_resource_list_changed().await?;
                }
                if lists.prompts && wants(accepted.prompts_list_changed) {
                    sink.notify_prompt_list_changed().await?;
                }
                Ok::<_, rmcp::service::SubscriptionSendError>(())
            };
            if let Err(error) = told.await {
                tracing::info!(%error, "the client could not be notified of a change");
            }
        }
    }

    fn shown(&self, caller: &Caller) -> Shown {
        let offered = self.offered(caller).into_iter();
        let listed = offered.map(|(tool, accounts)| (tool.name, accounts));
        let resources = self.resources(caller).into_iter().map(|one| one.uri);
        let templates = self.templates(caller).into_iter();
        let templates = templates.map(|one| one.uri_template);
        Shown {
            tools: digest(listed),
            resources: digest(resources.chain(templates)),
            prompts: digest(self.prompts(caller).into_iter().map(|one| one.name)),
        }
    }
}

impl Shown {
    /// Takes over what is shown now; which lists differ.
    fn update(&mut self, now: Self) -> Lists {
        let lists = Lists {
            tools: self.tools != now.tools,
            resources: self.resources != now.resources,
            prompts: self.prompts != now.prompts,
        };
        *self = now;
        lists
    }
}

fn digest<T: Hash>(names: impl Iterator<Item = T>) -> u64 {
    let mut hasher = DefaultHasher::new();
    names.for_each(|name| name.hash(&mut hasher));
    hasher.finish()
}

async fn notify(peer: &Peer<RoleServer>, lists: &Lists) -> Result<(), ServiceError> {
    if lists.tools {
        peer.notify_tool_list_changed().await?;
    }
    if lists.resources {
        peer.notify_resource_list_changed().await?;
    }
    if lists.prompts {
        peer.notify_prompt_list_changed().await?;
    }
    Ok(())
}

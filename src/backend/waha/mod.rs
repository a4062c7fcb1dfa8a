//! WAHA, the WhatsApp HTTP API (facts: its OpenAPI document of 2026.7.1, and the
//! behaviour of 2024.10.8 where older servers differ).

mod attributes;
mod chat_changes;
mod chats;
mod client;
mod contacts;
mod control;
mod definite;
mod downloads;
mod found_message;
mod group_picture;
mod group_settings;
mod groups;
mod invites;
mod kind;
mod media;
mod members;
mod message_changes;
mod message_kinds;
mod messages;
mod own_file;
mod presence;
mod profile;
mod refusals;
mod sending;
mod sending_kinds;
mod session;
mod shapes;

use std::{pin::Pin, sync::Arc};

use super::{Backend, CheckResult, group_tools::GroupTools, http::Locate};
use crate::{
    config::{Config, ConfigError},
    op::Progress,
    toolset::{Authority, Toolset},
};
use client::WahaClient;
pub(super) use kind::KIND;

/// One session on a WAHA server.
#[derive(Clone)]
pub struct Waha {
    client: Arc<WahaClient>,
    /// Of the call that this handle is used for.
    progress: Progress,
}

impl Waha {
    /// The session that a configuration names; nothing is contacted.
    fn open(config: &Config) -> Result<Self, ConfigError> {
        let server = config.url(&kind::BASE_URL)?;
        let (session, api_key) = (config.text(&kind::SESSION), config.value(&kind::API_KEY));
        Ok(Self::with_client(WahaClient::new(
            server, session, api_key, config,
        )))
    }

    /// The default session of a server without a key.
    pub(super) fn at(server: impl Locate, config: &Config) -> Self {
        Self::with_client(WahaClient::new(server, "default", None, config))
    }

    fn with_client(client: WahaClient) -> Self {
        Self {
            client: Arc::new(client),
            progress: Progress::default(),
        }
    }
}

impl Backend for Waha {
    fn toolset(&self) -> (Toolset, Authority) {
        Toolset::for_backend(self, &self.client.media)
            .tool(Self::open_session)
            .tool(Self::get_session)
            .tool(Self::get_profile)
            .file_tool(Self::update_profile)
            .tool(Self::restart_session)
            .tool(Self::stop_session)
            .tool(Self::logout_instance)
            .tool(Self::list_messages)
            .tool(Self::get_message)
            .tool(Self::download_media)
            .tool(Self::send_message)
            .tool(Self::send_location)
            .tool(Self::send_contact)
            .tool(Self::send_poll)
            .file_tool(Self::send_media)
            .file_tool(Self::send_voice)
            .tool(Self::forward_message)
            .tool(Self::edit_message)
            .briefed_tool(Self::delete_message, Self::brief_delete_message)
            .tool(Self::react)
            .tool(Self::star_message)
            .tool(Self::unstar_message)
            .tool(Self::pin_message)
            .tool(Self::unpin_message)
            .briefed_tool(Self::delete_session, Self::brief_delete_session)
            .tool(Self::list_chats)
            .tool(Self::get_chat)
            .tool(Self::get_picture)
            .tool(Self::mark_chat_read)
            .tool(Self::mark_chat_unread)
            .tool(Self::archive_chat)
            .tool(Self::unarchive_chat)
            .briefed_tool(Self::clear_chat, Self::brief_clear_chat)
            .briefed_tool(Self::delete_chat, Self::brief_delete_chat)
            .tool(Self::list_groups)
            .tool(Self::get_group)
            .briefed_tool(Self::leave_group, Self::brief_leave_group)
            .tool(Self::list_contacts)
            .tool(Self::get_contact)
            .tool(Self::check_number)
            .tool(Self::block_contact)
            .tool(Self::unblock_contact)
            .tool(Self::get_presence)
            .tool(Self::subscribe_presence)
            .tool(Self::set_presence)
            .tool(Self::set_group_subject)
            .tool(Self::set_group_description)
            .tool(Self::set_group_permissions)
            .file_tool(Self::set_group_picture)
            .briefed_tool(Self::delete_group_picture, Self::brief_delete_group_picture)
            .tool(Self::get_group_invite)
            .briefed_tool(Self::revoke_group_invite, Self::brief_revoke_group_invite)
            .tool(Self::preview_group_invite)
            .tool(Self::join_group)
            .tool(Self::list_group_members)
            .tool(Self::add_group_members)
            .briefed_tool(Self::remove_group_members, Self::brief_remove_group_members)
            .tool(Self::promote_group_admin)
            .tool(Self::demote_group_admin)
            .tool(Self::create_group)
            .build()
    }

    fn examine(&self) -> Pin<Box<dyn Future<Output = Vec<CheckResult>> + Send + '_>> {
        Box::pin(async { CheckResult::redacted(self.checks().await, &self.client.secrets) })
    }
}

impl Waha {
    /// Checks the server's answer to the key first, then the session.
    async fn checks(&self) -> Vec<CheckResult> {
        let mut findings = Vec::new();
        match self
            .client
            .get(&self.progress, &["api", "server", "version"], &[])
            .await
        {
            Ok(reply) => match reply.parse::<client::Version>(client::API) {
                Ok(version) => findings.push(CheckResult::fine(format!(
                    "WAHA {} ({}) answers and accepts the key",
                    version.version(),
                    version.engine()
                ))),
                Err(error) => findings.push(error.into()),
            },
            Err(error) => {
                findings.push(error.into());
                return findings;
            }
        }
        findings.push(match self.report().await {
            Ok(report) => CheckResult::session(report),
            Err(error) => error.into(),
        });
        findings
    }
}

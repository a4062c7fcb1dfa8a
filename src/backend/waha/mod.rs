//! WAHA, the WhatsApp HTTP API (facts: its OpenAPI document of 2026.7.1, and the
//! behaviour of 2024.10.8 where older servers differ).

mod attributes;
mod chat_changes;
mod chats;
mod client;
mod contacts;
mod control;
mod downloads;
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
mod presence;
mod profile;
mod sending;
mod sending_kinds;
mod session;

use std::{pin::Pin, sync::Arc};

use super::{Backend, CheckResult, http::Locate};
use crate::{
    config::{Config, ConfigError},
    toolset::Toolset,
};
use client::Client;
pub(super) use kind::KIND;

/// One session on a WAHA server.
#[derive(Clone)]
pub struct Waha(Arc<Client>);

impl Waha {
    /// The session that a configuration names; nothing is contacted.
    fn open(config: &Config) -> Result<Self, ConfigError> {
        let server = config.url(&kind::BASE_URL)?;
        let (session, api_key) = (config.text(&kind::SESSION), config.value(&kind::API_KEY));
        Ok(Self(Arc::new(Client::new(
            server, session, api_key, config,
        ))))
    }

    /// The default session of a server without a key.
    pub(super) fn at(server: impl Locate, config: &Config) -> Self {
        Self(Arc::new(Client::new(server, "default", None, config)))
    }
}

impl Backend for Waha {
    fn tools(&self) -> Toolset {
        Toolset::for_backend(self)
            .slow_tool(Self::open_session)
            .tool(Self::get_session)
            .tool(Self::get_profile)
            .slow_tool(Self::update_profile)
            .slow_tool(Self::restart_session)
            .slow_tool(Self::stop_session)
            .slow_tool(Self::logout_instance)
            .tool(Self::list_messages)
            .tool(Self::get_message)
            .tool(Self::download_media)
            .slow_tool(Self::send_message)
            .slow_tool(Self::send_location)
            .slow_tool(Self::send_contact)
            .slow_tool(Self::send_poll)
            .slow_tool(Self::send_media)
            .slow_tool(Self::send_voice)
            .slow_tool(Self::forward_message)
            .slow_tool(Self::edit_message)
            .slow_tool(Self::delete_message)
            .briefed_by(Self::brief_delete_message)
            .slow_tool(Self::react)
            .slow_tool(Self::star_message)
            .slow_tool(Self::unstar_message)
            .slow_tool(Self::pin_message)
            .slow_tool(Self::unpin_message)
            .slow_tool(Self::delete_session)
            .briefed_by(Self::brief_delete_session)
            .tool(Self::list_chats)
            .tool(Self::get_chat)
            .tool(Self::get_picture)
            .slow_tool(Self::mark_chat_read)
            .slow_tool(Self::mark_chat_unread)
            .slow_tool(Self::archive_chat)
            .slow_tool(Self::unarchive_chat)
            .slow_tool(Self::clear_chat)
            .briefed_by(Self::brief_clear_chat)
            .slow_tool(Self::delete_chat)
            .briefed_by(Self::brief_delete_chat)
            .tool(Self::list_groups)
            .tool(Self::get_group)
            .slow_tool(Self::leave_group)
            .briefed_by(Self::brief_leave_group)
            .tool(Self::list_contacts)
            .tool(Self::get_contact)
            .tool(Self::check_number)
            .slow_tool(Self::block_contact)
            .slow_tool(Self::unblock_contact)
            .tool(Self::get_presence)
            .slow_tool(Self::subscribe_presence)
            .slow_tool(Self::set_presence)
            .slow_tool(Self::set_group_subject)
            .slow_tool(Self::set_group_description)
            .slow_tool(Self::set_group_permissions)
            .slow_tool(Self::set_group_picture)
            .slow_tool(Self::delete_group_picture)
            .briefed_by(Self::brief_delete_group_picture)
            .tool(Self::get_group_invite)
            .slow_tool(Self::revoke_group_invite)
            .briefed_by(Self::brief_revoke_group_invite)
            .tool(Self::preview_group_invite)
            .slow_tool(Self::join_group)
            .tool(Self::list_group_members)
            .slow_tool(Self::add_group_members)
            .slow_tool(Self::remove_group_members)
            .briefed_by(Self::brief_remove_group_members)
            .slow_tool(Self::promote_group_admin)
            .slow_tool(Self::demote_group_admin)
            .slow_tool(Self::create_group)
            .build()
    }

    fn examine(&self) -> Pin<Box<dyn Future<Output = Vec<CheckResult>> + Send + '_>> {
        Box::pin(self.checks())
    }
}

impl Waha {
    /// Checks the server's answer to the key first, then the session.
    async fn checks(&self) -> Vec<CheckResult> {
        let mut findings = Vec::new();
        match self.0.get(&["api", "server", "version"], &[]).await {
            Ok(reply) => match reply.parse::<client::Version>(client::API) {
                Ok(version) => findings.push(CheckResult::fine(format!(
                    "WAHA {} ({}) answers and takes the key",
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

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

use std::sync::Arc;

use super::{Finding, group_tools::GroupTools};
use crate::{
    config::{Timeouts, WahaAccount},
    media::MediaRules,
    op::BackendError,
    toolset::Toolset,
};
use client::WahaClient;

/// One session on a WAHA server.
#[derive(Clone)]
pub struct Waha(Arc<WahaClient>);

/// What every answer of the sandbox says first.
pub const SANDBOX: &str = "sandbox: a pretended WhatsApp, nothing here is real";

impl Waha {
    /// The session of an account; nothing is opened.
    pub fn new(account: &WahaAccount) -> Self {
        Self(Arc::new(WahaClient::new(account)))
    }

    /// The session of the built-in stand-in, which starts at the first call.
    pub fn sandbox(timeouts: Timeouts, media: MediaRules) -> Self {
        Self(Arc::new(WahaClient::sandbox(timeouts, media)))
    }

    /// What WAHA offers.
    pub fn tools(&self) -> Toolset {
        Toolset::for_backend(self)
            .notice(self.0.is_sandbox().then_some(SANDBOX))
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

    /// Whether this is the built-in stand-in.
    pub fn is_sandbox(&self) -> bool {
        self.0.is_sandbox()
    }

    /// The stand-in behind this session, once it runs; `None` for a real server.
    ///
    /// # Errors
    /// When no loopback port can be had.
    pub async fn stand_in(&self) -> Result<Option<&super::sandbox::Running>, BackendError> {
        self.0.stand_in().await
    }

    /// Checks whether the server answers, accepts the key and has a working session.
    pub(super) async fn examine(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        match self.0.get(&["api", "server", "version"], &[]).await {
            Ok(reply) => match reply.parse::<client::Version>(client::API) {
                Ok(version) => findings.push(Finding::fine(format!(
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
            Ok(report) => Finding::session(report),
            Err(error) => error.into(),
        });
        findings
    }
}

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

use super::Finding;
use crate::{
    config::{Timeouts, WahaAccount},
    media::MediaRules,
    op::BackendError,
    toolset::{Authority, Toolset},
};
use client::Client;

/// One session on a WAHA server.
#[derive(Clone)]
pub struct Waha(Arc<Client>);

/// What every answer of the sandbox says first.
pub const SANDBOX: &str = "sandbox: a pretended WhatsApp, nothing here is real";

impl Waha {
    /// The session of an account; nothing is opened.
    pub fn new(account: &WahaAccount) -> Self {
        Self(Arc::new(Client::new(account)))
    }

    /// The session of the built-in stand-in, which starts at the first call.
    pub fn sandbox(timeouts: Timeouts, media: MediaRules) -> Self {
        Self(Arc::new(Client::sandbox(timeouts, media)))
    }

    /// What WAHA offers.
    pub fn toolset(&self) -> (Toolset, Authority) {
        Toolset::for_backend(self)
            .notice(self.0.is_sandbox().then_some(SANDBOX))
            .tool(Self::open_session)
            .tool(Self::get_session)
            .tool(Self::get_profile)
            .tool(Self::update_profile)
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
            .tool(Self::send_media)
            .tool(Self::send_voice)
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
            .tool(Self::set_group_picture)
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

    /// Looks whether the server is there, takes the key and has a working session.
    pub(super) async fn examine(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        match self.0.get(&["api", "server", "version"], &[]).await {
            Ok(reply) => match reply.parse::<client::Version>(client::API) {
                Ok(version) => findings.push(Finding::fine(format!(
                    "WAHA {} ({}) answers and takes the key",
                    version.version(),
                    version.engine()
                ))),
                Err(fault) => findings.push(fault.into()),
            },
            Err(fault) => {
                findings.push(fault.into());
                return findings;
            }
        }
        findings.push(match self.report().await {
            Ok(report) => Finding::session(report),
            Err(fault) => fault.into(),
        });
        findings
    }
}

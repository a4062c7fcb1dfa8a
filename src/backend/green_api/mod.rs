//! GREEN-API (facts: its documentation and Postman collection of January 2026).

mod attributes;
mod chats;
mod client;
mod contacts;
mod control;
mod downloads;
mod group_settings;
mod groups;
mod kind;
mod media;
mod members;
mod message_changes;
mod message_kinds;
mod messages;
mod profile;
mod sending;
mod sending_kinds;
mod session;

use std::{pin::Pin, sync::Arc};

use super::{Backend, CheckResult};
use crate::{
    config::{Config, ConfigError},
    toolset::Toolset,
};
use client::Client;
pub(super) use kind::KIND;

/// One GREEN-API instance.
#[derive(Clone)]
pub struct GreenApi(Arc<Client>);

impl GreenApi {
    /// The instance that a configuration names; nothing is contacted.
    fn open(config: &Config) -> Result<Self, ConfigError> {
        Ok(Self(Arc::new(Client::new(config)?)))
    }
}

impl Backend for GreenApi {
    fn tools(&self) -> Toolset {
        Toolset::for_backend(self)
            .slow_tool(Self::open_session)
            .tool(Self::get_session)
            .tool(Self::get_profile)
            .slow_tool(Self::update_profile)
            .slow_tool(Self::restart_session)
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
            .tool(Self::list_chats)
            .tool(Self::get_chat)
            .tool(Self::get_picture)
            .slow_tool(Self::mark_chat_read)
            .slow_tool(Self::archive_chat)
            .slow_tool(Self::unarchive_chat)
            .tool(Self::list_groups)
            .tool(Self::get_group)
            .slow_tool(Self::leave_group)
            .briefed_by(Self::brief_leave_group)
            .tool(Self::list_contacts)
            .tool(Self::get_contact)
            .tool(Self::check_number)
            .slow_tool(Self::set_group_subject)
            .slow_tool(Self::set_group_permissions)
            .slow_tool(Self::set_group_picture)
            .tool(Self::get_group_invite)
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

impl GreenApi {
    /// Checks the answer to the token, and the instance.
    async fn checks(&self) -> Vec<CheckResult> {
        match self.report().await {
            Ok(report) => vec![
                CheckResult::fine(format!(
                    "GREEN-API answers for instance {} and takes the token",
                    self.0.id_instance()
                )),
                CheckResult::session(report),
            ],
            Err(error) => vec![error.into()],
        }
    }
}

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
mod refusals;
mod sending;
mod sending_kinds;
mod session;

use std::{pin::Pin, sync::Arc};

use super::{Backend, CheckResult, group_tools::GroupTools};
use crate::{
    config::{Config, ConfigError},
    op::Progress,
    toolset::{Authority, Toolset},
};
use client::GreenApiClient;
pub(super) use kind::KIND;

/// One GREEN-API instance.
#[derive(Clone)]
pub struct GreenApi {
    client: Arc<GreenApiClient>,
    /// Of the call that this handle is used for.
    progress: Progress,
}

impl GreenApi {
    /// The instance that a configuration names; nothing is contacted.
    fn open(config: &Config) -> Result<Self, ConfigError> {
        Ok(Self {
            client: Arc::new(GreenApiClient::new(config)?),
            progress: Progress::default(),
        })
    }
}

impl Backend for GreenApi {
    fn toolset(&self) -> (Toolset, Authority) {
        Toolset::for_backend(self, &self.client.media)
            .tool(Self::open_session)
            .tool(Self::get_session)
            .tool(Self::get_profile)
            .file_tool(Self::update_profile)
            .tool(Self::restart_session)
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
            .tool(Self::list_chats)
            .tool(Self::get_chat)
            .tool(Self::get_picture)
            .tool(Self::mark_chat_read)
            .tool(Self::archive_chat)
            .tool(Self::unarchive_chat)
            .tool(Self::list_groups)
            .tool(Self::get_group)
            .briefed_tool(Self::leave_group, Self::brief_leave_group)
            .tool(Self::list_contacts)
            .tool(Self::get_contact)
            .tool(Self::check_number)
            .tool(Self::set_group_subject)
            .tool(Self::set_group_permissions)
            .file_tool(Self::set_group_picture)
            .tool(Self::get_group_invite)
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

impl GreenApi {
    /// Checks the answer to the token, and the instance.
    async fn checks(&self) -> Vec<CheckResult> {
        match self.report().await {
            Ok(report) => vec![
                CheckResult::fine(format!(
                    "GREEN-API answers for instance {} and accepts the token",
                    self.client.id_instance()
                )),
                CheckResult::session(report),
            ],
            Err(error) => vec![error.into()],
        }
    }
}

//! GREEN-API (facts: its documentation and Postman collection of January 2026).

mod attributes;
mod chats;
mod client;
mod contacts;
mod control;
mod downloads;
mod group_settings;
mod groups;
mod media;
mod members;
mod message_changes;
mod message_kinds;
mod messages;
mod profile;
mod sending;
mod sending_kinds;
mod session;

use std::sync::Arc;

use super::{Finding, group_tools::GroupTools};
use crate::{config::GreenApiAccount, op::Progress, toolset::Toolset};
use client::GreenApiClient;

/// One GREEN-API instance.
#[derive(Clone)]
pub struct GreenApi {
    client: Arc<GreenApiClient>,
    /// Of the call that this handle is used for.
    progress: Progress,
}

impl GreenApi {
    /// The instance of an account; nothing is opened.
    pub fn new(account: &GreenApiAccount) -> Self {
        Self {
            client: Arc::new(GreenApiClient::new(account)),
            progress: Progress::default(),
        }
    }

    /// What GREEN-API offers.
    pub fn tools(&self) -> Toolset {
        Toolset::for_backend(self)
            .tool(Self::open_session)
            .tool(Self::get_session)
            .tool(Self::get_profile)
            .tool(Self::update_profile)
            .tool(Self::restart_session)
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
            .tool(Self::delete_message)
            .briefed_by(Self::brief_delete_message)
            .tool(Self::list_chats)
            .tool(Self::get_chat)
            .tool(Self::get_picture)
            .tool(Self::mark_chat_read)
            .tool(Self::archive_chat)
            .tool(Self::unarchive_chat)
            .tool(Self::list_groups)
            .tool(Self::get_group)
            .tool(Self::leave_group)
            .briefed_by(Self::brief_leave_group)
            .tool(Self::list_contacts)
            .tool(Self::get_contact)
            .tool(Self::check_number)
            .tool(Self::set_group_subject)
            .tool(Self::set_group_permissions)
            .tool(Self::set_group_picture)
            .tool(Self::get_group_invite)
            .tool(Self::list_group_members)
            .tool(Self::add_group_members)
            .tool(Self::remove_group_members)
            .briefed_by(Self::brief_remove_group_members)
            .tool(Self::promote_group_admin)
            .tool(Self::demote_group_admin)
            .tool(Self::create_group)
            .build()
    }

    /// Checks whether the API answers, accepts the token and has a working instance.
    pub(super) async fn examine(&self) -> Vec<Finding> {
        match self.report().await {
            Ok(report) => vec![
                Finding::fine(format!(
                    "GREEN-API answers for instance {} and accepts the token",
                    self.client.id_instance()
                )),
                Finding::session(report),
            ],
            Err(error) => vec![error.into()],
        }
    }
}

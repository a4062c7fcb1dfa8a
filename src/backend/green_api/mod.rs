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

use super::Finding;
use crate::{
    config::GreenApiAccount,
    toolset::{Authority, Toolset},
};
use client::Client;

/// One GREEN-API instance.
#[derive(Clone)]
pub struct GreenApi(Arc<Client>);

impl GreenApi {
    /// The instance of an account; nothing is opened.
    pub fn new(account: &GreenApiAccount) -> Self {
        Self(Arc::new(Client::new(account)))
    }

    /// What GREEN-API offers.
    pub fn toolset(&self) -> (Toolset, Authority) {
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
            .tool(Self::set_group_picture)
            .tool(Self::get_group_invite)
            .tool(Self::list_group_members)
            .tool(Self::add_group_members)
            .briefed_tool(Self::remove_group_members, Self::brief_remove_group_members)
            .tool(Self::promote_group_admin)
            .tool(Self::demote_group_admin)
            .tool(Self::create_group)
            .build()
    }

    /// Looks whether the API is there, takes the token and has a working instance.
    pub(super) async fn examine(&self) -> Vec<Finding> {
        match self.report().await {
            Ok(report) => vec![
                Finding::fine(format!(
                    "GREEN-API answers for instance {} and takes the token",
                    self.0.id_instance()
                )),
                Finding::session(report),
            ],
            Err(fault) => vec![fault.into()],
        }
    }
}

//! The sandbox: what a call does shows in later reads.

mod chats;
mod contacts;
mod downloads;
mod group_settings;
mod media;
mod members;
mod messages;
mod output_schemas;
mod presence;
mod profile;
mod sending;
mod session;
mod simulation;

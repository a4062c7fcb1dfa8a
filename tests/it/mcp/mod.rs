//! The MCP server: tools, resources, prompts and accounts.

mod accounts;
mod prompts;
mod protocol;
mod resources;
mod tools;
mod unreadable;

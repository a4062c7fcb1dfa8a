//! The recipes in examples/policies/recipes, through the real server on both APIs.

mod drafts_only;
mod may_leave_groups;
mod pdfs_only;
mod service_bot;
mod team_freely;
mod three_a_day;
mod two_agents;
mod worlds;

//! The policy decision point: what each part of a policy does.

mod accounts;
mod bounds;
mod condition;
mod condition_paths;
mod default_policy;
mod describe;
mod diff;
mod examples;
mod flow;
mod grants;
mod group_names;
mod hours;
mod includes;
mod mistakes;
mod modes;
mod new_recipients;
mod oauth;
mod pace;
mod people;
mod read_limits;
mod reader;
mod recipients;
mod rules;
mod shadow;

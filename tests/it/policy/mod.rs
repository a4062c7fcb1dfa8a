//! The policy decision point: what each part of a policy does.

mod accounts;
mod admission;
mod bounds;
mod condition;
mod condition_paths;
mod counters;
mod default_policy;
mod describe;
mod diff;
mod examples;
mod flow;
mod grants;
mod hours;
mod includes;
mod listing;
mod mistakes;
mod modes;
mod oauth;
mod one_of_a_list;
mod pace;
mod read_limits;
mod reader;
mod recipients;
mod rules;
mod shadow;

//! The policy enforcement point: limits, questions, refusals.

mod approval;
mod clearance;
mod dedup;
mod durable;
mod files;
mod health;
mod identities;
mod kill_switch;
mod limits;
mod lookups;
mod obligations;
mod question;
mod rate_limits;
mod refusal;
mod shared;

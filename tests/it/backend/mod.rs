//! The back ends: requests, answers and effects.

mod change_answers;
mod engine_answers;
mod green_api;
mod hanging_reads;
mod sandbox;
pub mod unanswered_sends;
mod waha;
mod worlds;

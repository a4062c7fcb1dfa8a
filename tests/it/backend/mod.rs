//! The back ends: requests, answers and effects.

mod change_answers;
mod engine_answers;
mod green_api;
pub mod hostile_answers;
mod sandbox;
pub mod unanswered_sends;
mod waha;
mod worlds;

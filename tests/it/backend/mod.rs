//! The back ends: requests, answers and effects.

mod green_api;
mod sandbox;
pub mod unanswered_sends;
mod waha;

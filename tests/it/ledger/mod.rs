//! Durable counts.

mod processes;
mod redis_failures;

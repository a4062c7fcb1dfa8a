//! Durable counts.

mod held_lock;
mod many_lines;
mod processes;
mod redis_failures;

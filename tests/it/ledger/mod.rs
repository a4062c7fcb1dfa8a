//! Durable counts.

mod processes;

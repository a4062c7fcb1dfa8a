//! Properties of all policies and calls, tested with random ones.

mod generators;
mod policies;

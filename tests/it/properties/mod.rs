//! Properties of all policies and calls, and of the whole program under failures, tested
//! with random ones.

mod generators;
mod policies;
mod sends;

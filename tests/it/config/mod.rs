//! Where accounts come from.

mod environment;

//! What would happen to a call, compared with what happens.

mod agreement;

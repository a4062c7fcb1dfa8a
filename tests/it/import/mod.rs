//! Policies of other programs.

pub mod conversion;
mod hostile;
mod meaning;
mod original;

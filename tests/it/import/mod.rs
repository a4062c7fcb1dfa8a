//! Policies of other programs.

mod conversion;
mod hostile;

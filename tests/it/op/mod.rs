//! The vocabulary: tools, arguments and answers.

mod answer_size;
mod arguments;
mod catalogue;
pub mod targets;

//! The vocabulary: tools, arguments and answers.

mod answer_size;
mod arguments;
mod catalogue;
mod next_steps;
pub mod targets;

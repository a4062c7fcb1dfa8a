//! The vocabulary: tools, arguments and answers.

mod answer_size;
mod catalogue;

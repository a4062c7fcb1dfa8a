//! The documents, Dockerfile and compose.yaml agree with the code.

mod docker;
pub mod generated;
mod policy;
mod readme;
mod tables;
pub mod tools;

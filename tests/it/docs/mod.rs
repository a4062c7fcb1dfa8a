//! The documents, Dockerfile and compose.yaml agree with the code.

mod back_ends;
mod docker;
pub mod generated;
mod paths;
mod policy;
mod readme;
mod tables;
pub mod tools;

//! The documents, Dockerfile and compose.yaml agree with the code.

mod back_ends;
mod docker;
pub mod generated;
mod paths;
pub mod policy;
mod readme;
pub mod recipes;
mod tables;
pub mod tools;
mod whole_policies;

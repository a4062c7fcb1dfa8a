//! The documents, Dockerfile and compose.yaml agree with the code.

mod docker;
mod policy;
mod readme;
mod tables;

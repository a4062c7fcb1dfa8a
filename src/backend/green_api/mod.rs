//! GREEN-API.

use super::Finding;
use crate::{config::GreenApiAccount, toolset::Toolset};

/// One instance.
#[derive(Clone)]
pub struct GreenApi;

impl GreenApi {
    /// x
    pub fn new(_account: &GreenApiAccount) -> Self {
        Self
    }
    /// x
    pub fn tools(&self) -> Toolset {
        Toolset::for_backend(self).build()
    }
    pub(super) async fn examine(&self) -> Vec<Finding> {
        Vec::new()
    }
}

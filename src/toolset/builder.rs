//! How a back end lists its methods as tools.

use std::{
    collections::BTreeMap,
    marker::PhantomData,
    sync::{Arc, OnceLock},
};

use super::{
    AttributeSource, Authority, Tool, Toolset,
    call::{BriefMethod, Method, MethodTool, NoBriefing},
};
use crate::{
    media::DEFAULT_MAX_BYTES,
    op::{AnswerSize, Operation, schemas},
};

/// Collects a back end's tools.
pub struct Builder<B> {
    backend: B,
    tools: BTreeMap<&'static str, Tool>,
}

impl<B: AttributeSource> Builder<B> {
    /// An empty list.
    pub(super) fn new(backend: &B) -> Self {
        Self {
            backend: backend.clone(),
            tools: BTreeMap::new(),
        }
    }

    /// Lists the method of a tool.
    #[must_use]
    pub fn tool<O: Operation, M: Method<B, O>>(self, method: M) -> Self {
        self.list(method, NoBriefing)
    }

    /// Lists the method of a tool, with the method that looks up what a person should
    /// know before approving it.
    #[must_use]
    pub fn briefed_tool<O: Operation, M, W>(self, method: M, briefing: W) -> Self
    where
        M: Method<B, O>,
        W: BriefMethod<B, O>,
    {
        self.list(method, briefing)
    }

    /// The tools, with the authority over them.
    pub fn build(self) -> (Toolset, Authority) {
        let toolset = Toolset {
            tools: self.tools,
            resolver: Arc::new(self.backend),
            notice: None,
            answer: AnswerSize::default(),
            max_media_bytes: DEFAULT_MAX_BYTES,
        };
        (toolset, Authority::new())
    }

    fn list<O: Operation, M, W>(mut self, method: M, briefing: W) -> Self
    where
        M: Method<B, O>,
        W: BriefMethod<B, O>,
    {
        let tool = Tool {
            name: O::NAME,
            risk: O::RISK,
            idempotent: O::IDEMPOTENT,
            make_schemas: schemas::<O>,
            schemas: OnceLock::new(),
            parser: Box::new(MethodTool {
                backend: self.backend.clone(),
                method,
                briefing,
                operation: PhantomData,
            }),
        };
        let twice = self.tools.insert(tool.name, tool);
        debug_assert!(twice.is_none(), "{} is listed twice", O::NAME);
        self
    }
}

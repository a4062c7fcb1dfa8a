//! How a back end lists its methods as tools.

use std::{
    collections::BTreeMap,
    marker::PhantomData,
    sync::{Arc, OnceLock},
};

use super::{
    AttributeSource, Authority, Tool, Toolset,
    call::{BriefMethod, Method, MethodTool, NoBriefing, Parse},
    file_call::{FileMethod, FileTool},
};
use crate::{
    media::MediaRules,
    op::{AnswerSize, FileOperation, Operation, schemas},
};

/// Collects a back end's tools.
pub struct Builder<B> {
    backend: B,
    media: MediaRules,
    tools: BTreeMap<&'static str, Tool>,
}

impl<B: AttributeSource> Builder<B> {
    /// An empty list.
    pub(super) fn new(backend: &B, media: &MediaRules) -> Self {
        Self {
            backend: backend.clone(),
            media: media.clone(),
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

    /// Lists the method of a tool that sends a file.
    #[must_use]
    pub fn file_tool<O: FileOperation, M: FileMethod<B, O>>(self, method: M) -> Self {
        let parser = FileTool {
            backend: self.backend.clone(),
            method,
            operation: PhantomData,
        };
        self.insert::<O>(Box::new(parser))
    }

    /// The tools, with the authority over them.
    pub fn build(self) -> (Toolset, Authority) {
        let toolset = Toolset {
            tools: self.tools,
            secrets: self.backend.secrets(),
            resolver: Arc::new(self.backend),
            media: self.media,
            notice: None,
            answer: AnswerSize::default(),
            resolves_lids: B::RESOLVES_LIDS,
        };
        (toolset, Authority::new(B::API))
    }

    fn list<O: Operation, M, W>(self, method: M, briefing: W) -> Self
    where
        M: Method<B, O>,
        W: BriefMethod<B, O>,
    {
        let parser = MethodTool {
            backend: self.backend.clone(),
            method,
            briefing,
            operation: PhantomData,
        };
        self.insert::<O>(Box::new(parser))
    }

    fn insert<O: Operation>(mut self, parser: Box<dyn Parse>) -> Self {
        let tool = Tool {
            name: O::NAME,
            risk: O::RISK,
            idempotent: O::IDEMPOTENT,
            make_schemas: schemas::<O>,
            schemas: OnceLock::new(),
            parser,
        };
        let twice = self.tools.insert(tool.name, tool);
        debug_assert!(twice.is_none(), "{} is listed twice", O::NAME);
        self
    }
}

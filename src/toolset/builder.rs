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
use crate::op::{AnswerSize, Operation, schemas};

/// Collects a back end's tools.
pub struct Builder<B> {
    backend: B,
    tools: BTreeMap<&'static str, Tool>,
    notice: Option<&'static str>,
}

impl<B: AttributeSource> Builder<B> {
    /// An empty list.
    pub(super) fn new(backend: &B) -> Self {
        Self {
            backend: backend.clone(),
            tools: BTreeMap::new(),
            notice: None,
        }
    }

    /// Lists the method of a tool.
    #[must_use]
    pub fn tool<Args: 'static, M: Method<B, Args>>(self, method: M) -> Self {
        self.list::<Args, M, NoBriefing>(method, NoBriefing)
    }

    /// Lists the method of a tool, with the method that looks up what a person should
    /// know before approving it.
    #[must_use]
    pub fn briefed_tool<Args: 'static, M, W>(self, method: M, briefing: W) -> Self
    where
        M: Method<B, Args>,
        W: BriefMethod<B, M::Operation>,
    {
        self.list::<Args, M, W>(method, briefing)
    }

    /// Puts a notice at the beginning of every answer.
    #[must_use]
    pub fn notice(mut self, notice: Option<&'static str>) -> Self {
        self.notice = notice;
        self
    }

    /// The tools, with the authority over them.
    pub fn build(self) -> (Toolset, Authority) {
        let toolset = Toolset {
            tools: self.tools,
            resolver: Arc::new(self.backend),
            notice: self.notice,
            answer: AnswerSize::default(),
        };
        (toolset, Authority::new())
    }

    fn list<Args: 'static, M, W>(mut self, method: M, briefing: W) -> Self
    where
        M: Method<B, Args>,
        W: BriefMethod<B, M::Operation>,
    {
        let tool = Tool {
            name: M::Operation::NAME,
            risk: M::Operation::RISK,
            idempotent: M::Operation::IDEMPOTENT,
            make_schemas: schemas::<M::Operation>,
            schemas: OnceLock::new(),
            parser: Box::new(MethodTool {
                backend: self.backend.clone(),
                method,
                briefing,
                args: PhantomData,
            }),
        };
        let twice = self.tools.insert(tool.name, tool);
        debug_assert!(twice.is_none(), "{} is listed twice", M::Operation::NAME);
        self
    }
}

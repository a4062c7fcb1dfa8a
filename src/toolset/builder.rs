//! How a back end lists its methods as tools.

use std::{
    collections::BTreeMap,
    fmt,
    marker::PhantomData,
    sync::{Arc, OnceLock},
};

use serde_json::Value;

use super::{
    Answer, BadCall, Boxed, Briefing, Digest, Facts, Prepared, Tool, Toolset, schemas::schemas,
};
use crate::{
    backend::Fault,
    op::{Foreign, Operation, Output},
    progress::Progress,
};

type RunOf<B, O> = Arc<dyn Fn(B, O, Progress) -> Boxed<Result<Answer, Fault>> + Send + Sync>;

/// Collects a back end's tools; `O` is the operation that was listed last.
pub struct Builder<B, O> {
    backend: B,
    tools: BTreeMap<&'static str, Tool>,
    last: Option<Tool>,
    notice: Option<&'static str>,
    operation: PhantomData<fn(O)>,
}

impl<B: Clone> Builder<B, ()> {
    /// An empty list.
    pub(super) fn new(backend: &B) -> Self {
        Self {
            backend: backend.clone(),
            tools: BTreeMap::new(),
            last: None,
            notice: None,
            operation: PhantomData,
        }
    }
}

impl<B: Clone + Send + Sync + 'static, P> Builder<B, P> {
    /// Lists a method that reads.
    #[must_use]
    pub fn tool<O, F, Fut>(self, method: F) -> Builder<B, O>
    where
        O: Operation,
        F: Fn(B, O) -> Fut + Copy + Send + Sync + 'static,
        Fut: Future<Output = Result<O::Output, Fault>> + Send + 'static,
    {
        self.slow_tool(move |backend, op, _progress| method(backend, op))
    }

    /// Lists a method that waits or changes something.
    #[must_use]
    pub fn slow_tool<O, F, Fut>(self, method: F) -> Builder<B, O>
    where
        O: Operation,
        F: Fn(B, O, Progress) -> Fut + Copy + Send + Sync + 'static,
        Fut: Future<Output = Result<O::Output, Fault>> + Send + 'static,
    {
        let run: RunOf<B, O> = Arc::new(move |backend, op, progress| {
            let running = method(backend, op, progress);
            Box::pin(async move { running.await.and_then(answer) })
        });
        self.list(run)
    }

    /// Says something first in every answer.
    #[must_use]
    pub fn notice(mut self, notice: Option<&'static str>) -> Self {
        self.notice = notice;
        self
    }

    /// The finished list.
    pub fn build(self) -> Toolset {
        let notice = self.notice;
        let mut tools = self.tools;
        tools.extend(self.last.map(|tool| (tool.name, tool)));
        Toolset { tools, notice }
    }

    fn list<O: Operation>(self, run: RunOf<B, O>) -> Builder<B, O> {
        let mut tools = self.tools;
        tools.extend(self.last.map(|tool| (tool.name, tool)));
        debug_assert!(!tools.contains_key(O::NAME), "{} is listed twice", O::NAME);
        let backend = self.backend.clone();
        let prepare = move |arguments| prepare(&backend, &run, arguments);
        Builder {
            backend: self.backend,
            tools,
            last: Some(Tool {
                name: O::NAME,
                risk: O::RISK,
                idempotent: O::IDEMPOTENT,
                make_schemas: schemas::<O>,
                schemas: OnceLock::new(),
                prepare: Box::new(prepare),
            }),
            notice: self.notice,
            operation: PhantomData,
        }
    }
}

impl<B: Clone + Send + Sync + 'static, O: Operation> Builder<B, O> {
    /// Adds what a person needs to know before the operation listed last is done.
    #[must_use]
    pub fn briefed_by<F, Fut>(mut self, method: F) -> Self
    where
        F: Fn(B, O) -> Fut + Copy + Send + Sync + 'static,
        Fut: Future<Output = Result<Briefing, Fault>> + Send + 'static,
    {
        self.last = self.last.map(|tool| {
            let (backend, unbriefed) = (self.backend.clone(), tool.prepare);
            Tool {
                prepare: Box::new(move |arguments| {
                    let mut prepared = unbriefed(arguments)?;
                    let op = read::<O>(&prepared.facts.arguments)?;
                    let backend = backend.clone();
                    prepared.brief = Some(Box::new(move || Box::pin(method(backend, op))));
                    Ok(prepared)
                }),
                ..tool
            }
        });
        self
    }
}

fn prepare<B: Clone + Send + 'static, O: Operation>(
    backend: &B,
    run: &RunOf<B, O>,
    arguments: Value,
) -> Result<Prepared, BadCall> {
    let op = read::<O>(&arguments)?;
    op.check().map_err(|error| bad_arguments::<O>(&error))?;
    let canonical = serde_json::to_value(&op).map_err(|error| bad_arguments::<O>(&error))?;
    let facts = Facts {
        tool: O::NAME,
        effect: O::EFFECT,
        risk: O::RISK,
        touches: op.touches(),
        digest: Digest::of(O::NAME, &canonical),
        content: op.content().map(|content| Digest::of(O::NAME, &content)),
        arguments: Arc::new(canonical),
    };
    let (backend, run) = (backend.clone(), run.clone());
    Ok(Prepared {
        facts,
        run: Box::new(move |progress| run(backend, op, progress)),
        brief: None,
    })
}

fn read<O: Operation>(arguments: &Value) -> Result<O, BadCall> {
    serde_path_to_error::deserialize(arguments).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        match path.as_str() {
            "." => bad_arguments::<O>(&inner),
            argument => bad_arguments::<O>(&format_args!("`{argument}`: {inner}")),
        }
    })
}

fn bad_arguments<O: Operation>(problem: &dyn fmt::Display) -> BadCall {
    BadCall::BadArguments {
        tool: O::NAME,
        problem: Foreign::new(&problem.to_string()).to_string(),
    }
}

fn answer<T: Output>(output: T) -> Result<Answer, Fault> {
    let structured = serde_json::to_value(&output).map_err(|error| Fault::internal(&error))?;
    Ok(Answer {
        structured,
        text: output.text(),
        attachments: output.attachments(),
        failed: output.failed(),
    })
}

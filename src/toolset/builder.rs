//! How a back end lists its methods as tools.

use std::{
    collections::BTreeMap,
    marker::PhantomData,
    sync::{Arc, OnceLock},
};

use serde_json::Value;

use super::{Answer, AttributeSource, Boxed, Prepared, ReadFilter, Resolver, Tool, Toolset};
use crate::op::{
    AnswerSize, BackendError, BadCall, Briefing, ChatId, Operation, Output, Progress, parse, read,
    schemas,
};

type RunOf<B, O> = Arc<
    dyn Fn(B, O, AnswerSize, ReadFilter, Progress) -> Boxed<Result<Answer, BackendError>>
        + Send
        + Sync,
>;

/// Collects a back end's tools; `O` is the operation that was listed last.
pub struct Builder<B, O> {
    backend: B,
    tools: BTreeMap<&'static str, Tool>,
    last: Option<Tool>,
    resolver: Resolver,
    notice: Option<&'static str>,
    operation: PhantomData<fn(O)>,
}

impl<B: AttributeSource> Builder<B, ()> {
    /// An empty list.
    pub(super) fn new(backend: &B) -> Self {
        Self {
            backend: backend.clone(),
            tools: BTreeMap::new(),
            last: None,
            resolver: Resolver::of(backend),
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
        Fut: Future<Output = Result<O::Output, BackendError>> + Send + 'static,
    {
        self.slow_tool(move |backend, op, _progress| method(backend, op))
    }

    /// Lists a method that waits or changes something.
    #[must_use]
    pub fn slow_tool<O, F, Fut>(self, method: F) -> Builder<B, O>
    where
        O: Operation,
        F: Fn(B, O, Progress) -> Fut + Copy + Send + Sync + 'static,
        Fut: Future<Output = Result<O::Output, BackendError>> + Send + 'static,
    {
        let run: RunOf<B, O> = Arc::new(move |backend, op, size, read_filter, progress| {
            let running = method(backend, op, progress);
            Box::pin(async move {
                running
                    .await
                    .and_then(|mut output| answer(&mut output, size, &read_filter))
            })
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
        let mut tools = self.tools;
        tools.extend(self.last.map(|tool| (tool.name, tool)));
        Toolset {
            tools,
            resolver: self.resolver,
            notice: self.notice,
            answer: AnswerSize::default(),
        }
    }

    fn list<O: Operation>(self, run: RunOf<B, O>) -> Builder<B, O> {
        let mut tools = self.tools;
        tools.extend(self.last.map(|tool| (tool.name, tool)));
        debug_assert!(!tools.contains_key(O::NAME), "{} is listed twice", O::NAME);
        let backend = self.backend.clone();
        let prepare = move |arguments, size| prepare(&backend, &run, arguments, size);
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
            resolver: self.resolver,
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
        Fut: Future<Output = Result<Briefing, BackendError>> + Send + 'static,
    {
        self.last = self.last.map(|tool| {
            let (backend, unbriefed) = (self.backend.clone(), tool.prepare);
            Tool {
                prepare: Box::new(move |arguments, size| {
                    let mut prepared = unbriefed(arguments, size)?;
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
    size: AnswerSize,
) -> Result<Prepared, BadCall> {
    let (op, facts, content) = parse::<O>(&arguments, size)?;
    let (backend, run) = (backend.clone(), run.clone());
    Ok(Prepared {
        facts,
        run: Box::new(move |read_filter, progress| run(backend, op, size, read_filter, progress)),
        brief: None,
        content,
    })
}

/// An output whose type does not matter: what is done with it is there once, not for
/// each tool.
trait Told {
    fn json(&self) -> Result<Value, BackendError>;
    fn redact(&mut self, may_read: &dyn Fn(&ChatId) -> bool);
    fn shorten(&mut self, bytes: usize);
    fn told(&self, structured: Value, left: usize) -> Answer;
}

impl<T: Output> Told for T {
    fn json(&self) -> Result<Value, BackendError> {
        serde_json::to_value(self).map_err(|error| BackendError::internal(&error))
    }

    fn redact(&mut self, may_read: &dyn Fn(&ChatId) -> bool) {
        Output::redact(self, may_read);
    }

    fn shorten(&mut self, bytes: usize) {
        Output::shorten(self, bytes);
    }

    fn told(&self, structured: Value, left: usize) -> Answer {
        Answer {
            structured,
            text: cut(self.text(), left),
            attachments: self.attachments(),
            failed: self.failed(),
            reading: self.reading(),
            account_state: self.account_state(),
        }
    }
}

fn answer(
    output: &mut dyn Told,
    size: AnswerSize,
    read_filter: &ReadFilter,
) -> Result<Answer, BackendError> {
    if let Some(may_read) = read_filter {
        output.redact(&**may_read);
    }
    let mut structured = output.json()?;
    let mut taken = structured.to_string().len();
    if taken > size.structured() {
        output.shorten(size.structured());
        structured = output.json()?;
        taken = structured.to_string().len();
        if taken > size.structured() {
            return Err(BackendError::TooLarge(size.bytes()));
        }
    }
    let left = size.bytes() - taken;
    Ok(output.told(structured, left))
}

/// As much as fits, at the end of a line where there is one; the structured answer
/// has the rest.
fn cut(mut text: String, bytes: usize) -> String {
    const REST: &str = "\n… the rest is in the structured content";
    if text.len() > bytes {
        text.truncate(text.floor_char_boundary(bytes.saturating_sub(REST.len())));
        text.truncate(text.rfind('\n').unwrap_or(text.len()));
        text += REST;
    }
    text
}

#[cfg(test)]
mod tests {
    use schemars::JsonSchema;
    use serde::Serialize;

    use super::*;

    /// Text of some length, which may be shortened or not.
    #[derive(Serialize, JsonSchema)]
    struct Words(String, #[serde(skip)] bool);

    impl Output for Words {
        fn text(&self) -> String {
            self.0.clone()
        }

        fn shorten(&mut self, bytes: usize) {
            if self.1 {
                self.0.truncate(bytes / 2);
            }
        }
    }

    #[test]
    fn an_answer_is_shortened_or_an_error() {
        let size = AnswerSize::default();
        let long = || "word\n".repeat(8000);
        let told = answer(&mut Words(long(), true), size, &None);
        assert!(told.is_ok_and(|told| {
            told.structured.to_string().len() + told.text.len() <= size.bytes()
        }));
        assert_eq!(
            cut("word\n".repeat(20), 60).strip_suffix("\n… the rest is in the structured content"),
            Some("word\nword\nword")
        );
        let told = answer(&mut Words(long(), false), size, &None);
        assert_eq!(told.err(), Some(BackendError::TooLarge(size.bytes())));
    }
}

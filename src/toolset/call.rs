//! From a back end's method to a tool, to a prepared call, to its answer.

use std::marker::PhantomData;

use serde_json::Value;

use super::{Answer, AttributeSource, Boxed, Prepared, ReadFilter, answer::answer};
use crate::{
    media::{Media, MediaSource},
    op::{AnswerSize, BackendError, BadCall, Briefing, FileFacts, Operation, Progress, parse},
    shares::Share,
};

/// A back end's method that runs an operation.
pub trait Method<B, O: Operation>: Copy + Send + Sync + 'static {
    /// Runs the operation.
    fn call(
        self,
        backend: B,
        operation: O,
    ) -> impl Future<Output = Result<O::Output, BackendError>> + Send;
}

impl<B, O, M, Running> Method<B, O> for M
where
    O: Operation,
    M: Fn(B, O) -> Running + Copy + Send + Sync + 'static,
    Running: Future<Output = Result<O::Output, BackendError>> + Send + 'static,
{
    fn call(
        self,
        backend: B,
        operation: O,
    ) -> impl Future<Output = Result<O::Output, BackendError>> + Send {
        self(backend, operation)
    }
}

/// A back end's method that looks up what a person should know before an operation.
pub trait BriefMethod<B, O>: Copy + Send + Sync + 'static {
    /// Looks it up; `None` where there is nothing to look up.
    fn brief(self, backend: B, operation: O) -> Option<Boxed<Result<Briefing, BackendError>>>;
}

/// In the place of a [`BriefMethod`] for tools without a briefing.
#[derive(Clone, Copy)]
pub(super) struct NoBriefing;

impl<B, O> BriefMethod<B, O> for NoBriefing {
    fn brief(self, _backend: B, _operation: O) -> Option<Boxed<Result<Briefing, BackendError>>> {
        None
    }
}

impl<B, O, M, Running> BriefMethod<B, O> for M
where
    B: Send + 'static,
    O: Operation,
    M: Fn(B, O) -> Running + Copy + Send + Sync + 'static,
    Running: Future<Output = Result<Briefing, BackendError>> + Send,
{
    fn brief(self, backend: B, operation: O) -> Option<Boxed<Result<Briefing, BackendError>>> {
        Some(Box::pin(async move { self(backend, operation).await }))
    }
}

/// A tool of any operation: it parses arguments into a call.
pub(super) trait Parse: Send + Sync {
    fn parse(&self, arguments: &Value, size: AnswerSize) -> Result<Prepared, BadCall>;
}

/// A parsed call of any operation, which has not been sent.
pub(super) trait PreparedCall: Send + Sync {
    /// Sends it and shapes the answer.
    fn run(
        self: Box<Self>,
        read_filter: ReadFilter,
        progress: Progress,
    ) -> Boxed<Result<Answer, BackendError>>;

    /// The same call with other arguments; `None` where it cannot have them.
    fn with_arguments(&self, _arguments: &Value) -> Option<Box<dyn PreparedCall>> {
        None
    }

    /// The look-up of its briefing, not yet started.
    fn brief(&self, progress: Progress) -> Option<Boxed<Result<Briefing, BackendError>>>;

    /// Whether its file comes from the network and is not loaded yet.
    fn fetches_file(&mut self) -> bool {
        false
    }

    /// Whether it can be run: a call that sends a file only once it has the file.
    fn is_complete(&self) -> bool {
        true
    }

    /// Where the file comes from that it still needs. It is taken out of the arguments, so
    /// that a file in base64 is not kept twice.
    fn take_source(&mut self) -> Option<MediaSource> {
        None
    }

    /// Gives it the file, and what the file takes of the memory for files.
    fn attach(&mut self, _media: Media, _room: Share) -> Result<Option<FileFacts>, BackendError> {
        Ok(None)
    }
}

/// A back end with the methods of one tool.
pub(super) struct MethodTool<B, O, M, W> {
    pub(super) backend: B,
    pub(super) method: M,
    pub(super) briefing: W,
    pub(super) operation: PhantomData<fn(O)>,
}

/// The methods of one tool with an operation to run.
struct MethodCall<B, O, M, W> {
    backend: B,
    operation: O,
    method: M,
    briefing: W,
    size: AnswerSize,
}

impl<B, O, M, W> Parse for MethodTool<B, O, M, W>
where
    B: AttributeSource,
    O: Operation,
    M: Method<B, O>,
    W: BriefMethod<B, O>,
{
    fn parse(&self, arguments: &Value, size: AnswerSize) -> Result<Prepared, BadCall> {
        let (operation, facts, content) = parse::<O>(arguments, size)?;
        let call = MethodCall {
            backend: self.backend.clone(),
            operation,
            method: self.method,
            briefing: self.briefing,
            size,
        };
        Ok(Prepared::new(facts, content, Box::new(call)))
    }
}

impl<B, O, M, W> PreparedCall for MethodCall<B, O, M, W>
where
    B: AttributeSource,
    O: Operation,
    M: Method<B, O>,
    W: BriefMethod<B, O>,
{
    fn run(
        self: Box<Self>,
        read_filter: ReadFilter,
        progress: Progress,
    ) -> Boxed<Result<Answer, BackendError>> {
        let size = self.size;
        let backend = self.backend.with_progress(progress);
        let running = self.method.call(backend, self.operation);
        Box::pin(async move { answer(&mut running.await?, size, &read_filter) })
    }

    fn with_arguments(&self, arguments: &Value) -> Option<Box<dyn PreparedCall>> {
        let (operation, ..) = parse::<O>(arguments, self.size).ok()?;
        Some(Box::new(MethodCall {
            backend: self.backend.clone(),
            operation,
            method: self.method,
            briefing: self.briefing,
            size: self.size,
        }))
    }

    fn brief(&self, progress: Progress) -> Option<Boxed<Result<Briefing, BackendError>>> {
        let backend = self.backend.clone().with_progress(progress);
        let operation = self.operation.clone();
        self.briefing.brief(backend, operation)
    }
}

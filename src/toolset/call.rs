//! From a back end's method to a tool, to a prepared call, to its answer.

use std::marker::PhantomData;

use serde_json::Value;

use super::{Answer, Boxed, Prepared, ReadFilter, answer::answer};
use crate::op::{AnswerSize, BackendError, BadCall, Briefing, Operation, Progress, parse};

/// A back end's method that runs an operation. `Args` is what it takes beside the back
/// end: the operation, and [`Progress`] if it waits or changes something.
pub trait Method<B, Args>: Copy + Send + Sync + 'static {
    /// The operation that it runs.
    type Operation: Operation;

    /// Runs the operation.
    fn call(
        self,
        backend: B,
        operation: Self::Operation,
        progress: Progress,
    ) -> impl Future<Output = Result<<Self::Operation as Operation>::Output, BackendError>> + Send;
}

impl<B, O, M, Running> Method<B, (O,)> for M
where
    O: Operation,
    M: Fn(B, O) -> Running + Copy + Send + Sync + 'static,
    Running: Future<Output = Result<O::Output, BackendError>> + Send,
{
    type Operation = O;

    fn call(
        self,
        backend: B,
        operation: O,
        _progress: Progress,
    ) -> impl Future<Output = Result<O::Output, BackendError>> + Send {
        self(backend, operation)
    }
}

impl<B, O, M, Running> Method<B, (O, Progress)> for M
where
    O: Operation,
    M: Fn(B, O, Progress) -> Running + Copy + Send + Sync + 'static,
    Running: Future<Output = Result<O::Output, BackendError>> + Send,
{
    type Operation = O;

    fn call(
        self,
        backend: B,
        operation: O,
        progress: Progress,
    ) -> impl Future<Output = Result<O::Output, BackendError>> + Send {
        self(backend, operation, progress)
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
pub(super) trait PreparedCall: Send {
    /// Sends it and shapes the answer.
    fn run(
        self: Box<Self>,
        read_filter: ReadFilter,
        progress: Progress,
    ) -> Boxed<Result<Answer, BackendError>>;

    /// The look-up of its briefing, not yet started.
    fn brief(&self) -> Option<Boxed<Result<Briefing, BackendError>>>;
}

/// A back end with the methods of one tool.
pub(super) struct MethodTool<B, M, W, Args> {
    pub(super) backend: B,
    pub(super) method: M,
    pub(super) briefing: W,
    pub(super) args: PhantomData<fn(Args)>,
}

/// The methods of one tool with an operation to run.
struct MethodCall<B, O, M, W, Args> {
    backend: B,
    operation: O,
    method: M,
    briefing: W,
    size: AnswerSize,
    args: PhantomData<fn(Args)>,
}

impl<B, M, W, Args> Parse for MethodTool<B, M, W, Args>
where
    B: Clone + Send + Sync + 'static,
    M: Method<B, Args>,
    W: BriefMethod<B, M::Operation>,
    Args: 'static,
{
    fn parse(&self, arguments: &Value, size: AnswerSize) -> Result<Prepared, BadCall> {
        let (operation, facts, content) = parse::<M::Operation>(arguments, size)?;
        Ok(Prepared {
            facts,
            content,
            call: Box::new(MethodCall {
                backend: self.backend.clone(),
                operation,
                method: self.method,
                briefing: self.briefing,
                size,
                args: self.args,
            }),
        })
    }
}

impl<B, M, W, Args> PreparedCall for MethodCall<B, M::Operation, M, W, Args>
where
    B: Clone + Send + Sync + 'static,
    M: Method<B, Args>,
    W: BriefMethod<B, M::Operation>,
    Args: 'static,
{
    fn run(
        self: Box<Self>,
        read_filter: ReadFilter,
        progress: Progress,
    ) -> Boxed<Result<Answer, BackendError>> {
        let (size, running) = (
            self.size,
            self.method.call(self.backend, self.operation, progress),
        );
        Box::pin(async move { answer(&mut running.await?, size, &read_filter) })
    }

    fn brief(&self) -> Option<Boxed<Result<Briefing, BackendError>>> {
        let (backend, operation) = (self.backend.clone(), self.operation.clone());
        self.briefing.brief(backend, operation)
    }
}

//! Calls that send a file: it is loaded before the call is decided.

use std::marker::PhantomData;

use serde_json::Value;

use super::{
    Answer, AttributeSource, Boxed, Prepared, ReadFilter,
    answer::answer,
    call::{Parse, PreparedCall},
};
use crate::{
    media::{Media, MediaSource},
    op::{AnswerSize, BackendError, BadCall, Briefing, FileFacts, FileOperation, Progress, parse},
    shares::Share,
};

/// A back end's method that runs an operation with its file.
pub trait FileMethod<B, O: FileOperation>: Copy + Send + Sync + 'static {
    /// Runs the operation.
    fn call(
        self,
        backend: B,
        operation: O,
        file: O::File,
    ) -> impl Future<Output = Result<O::Output, BackendError>> + Send;
}

impl<B, O, M, Running> FileMethod<B, O> for M
where
    O: FileOperation,
    M: Fn(B, O, O::File) -> Running + Copy + Send + Sync + 'static,
    Running: Future<Output = Result<O::Output, BackendError>> + Send + 'static,
{
    fn call(
        self,
        backend: B,
        operation: O,
        file: O::File,
    ) -> impl Future<Output = Result<O::Output, BackendError>> + Send {
        self(backend, operation, file)
    }
}

/// A bound on the size of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileBound {
    /// The memory that the files of other calls leave.
    Room,
    /// What the permit allows.
    Permit,
}

/// Why a file was not loaded.
#[derive(Debug)]
pub enum LoadFailure {
    /// It is larger than a bound that is not the API's.
    Bound(FileBound),
    /// It cannot be loaded, may not be requested any more, or cannot be sent by this tool.
    Refused(BackendError),
}

/// A back end with the method of one tool that sends a file.
pub(super) struct FileTool<B, O, M> {
    pub(super) backend: B,
    pub(super) method: M,
    pub(super) operation: PhantomData<fn(O)>,
}

/// The method of one tool with an operation to run.
struct FileCall<B, O: FileOperation, M> {
    backend: B,
    operation: O,
    method: M,
    size: AnswerSize,
    file: CallFile<O::File>,
}

/// The file of a call.
enum CallFile<F> {
    /// It is not loaded yet.
    Missing,
    /// The call sends none.
    Needless(F),
    /// It is loaded, and takes this of the memory for files.
    Loaded(F, Share),
}

impl<B, O, M> Parse for FileTool<B, O, M>
where
    B: AttributeSource,
    O: FileOperation,
    M: FileMethod<B, O>,
{
    fn parse(&self, arguments: &Value, size: AnswerSize) -> Result<Prepared, BadCall> {
        let (operation, facts, content) = parse::<O>(arguments, size)?;
        let without_file = operation.without_file();
        let call = FileCall {
            backend: self.backend.clone(),
            file: without_file.map_or(CallFile::Missing, CallFile::Needless),
            operation,
            method: self.method,
            size,
        };
        Ok(Prepared::new(facts, content, Box::new(call)))
    }
}

impl<B, O, M> PreparedCall for FileCall<B, O, M>
where
    B: AttributeSource,
    O: FileOperation,
    M: FileMethod<B, O>,
{
    fn run(
        self: Box<Self>,
        read_filter: ReadFilter,
        progress: Progress,
    ) -> Boxed<Result<Answer, BackendError>> {
        let (file, room) = match self.file {
            CallFile::Needless(file) => (file, None),
            CallFile::Loaded(file, room) => (file, Some(room)),
            CallFile::Missing => {
                return Box::pin(async { Err(BackendError::internal(&"a file is not loaded")) });
            }
        };
        let size = self.size;
        let backend = self.backend.with_progress(progress);
        let running = self.method.call(backend, self.operation, file);
        Box::pin(async move {
            let outcome = running.await;
            drop(room);
            answer(&mut outcome?, size, &read_filter)
        })
    }

    fn brief(&self, _progress: Progress) -> Option<Boxed<Result<Briefing, BackendError>>> {
        None
    }

    fn is_complete(&self) -> bool {
        !matches!(self.file, CallFile::Missing)
    }

    fn fetches_file(&mut self) -> bool {
        let source = match self.file {
            CallFile::Missing => self.operation.source(),
            CallFile::Needless(_) | CallFile::Loaded(..) => None,
        };
        source.is_some_and(|source| source.url.is_some())
    }

    fn take_source(&mut self) -> Option<MediaSource> {
        match self.file {
            CallFile::Missing => self.operation.source().map(std::mem::take),
            CallFile::Needless(_) | CallFile::Loaded(..) => None,
        }
    }

    fn attach(&mut self, mut media: Media, room: Share) -> Result<Option<FileFacts>, BackendError> {
        if let Some(name) = self.operation.file_name() {
            name.clone_into(&mut media.file_name);
        }
        let facts = FileFacts::of(&media);
        self.file = CallFile::Loaded(self.operation.accept(media)?, room);
        Ok(Some(facts))
    }
}

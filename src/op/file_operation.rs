//! Operations that send a file.

use super::{BackendError, BackendResult, GUARD, Operation};
use crate::media::{Media, MediaSource};

/// An operation that sends a file. The file is loaded before the call is decided, so that
/// exactly what was decided on, and shown to a person, is sent.
pub trait FileOperation: Operation {
    /// The file as a back end gets it.
    type File: Clone + Send + Sync + 'static;

    /// Where the file comes from; `None` for a call that sends none.
    fn source(&mut self) -> Option<&mut MediaSource>;

    /// The name that the file is sent with, if the call gives one.
    fn file_name(&self) -> Option<&str> {
        None
    }

    /// What a back end gets for a call that sends no file; `None` if each call sends one.
    fn without_file(&self) -> Option<Self::File> {
        None
    }

    /// Takes the loaded file.
    ///
    /// # Errors
    /// If the operation cannot send a file of this kind.
    fn accept(&self, media: Media) -> BackendResult<Self::File>;
}

/// The refusal of a file by this program.
pub(crate) fn file_refused(why: &str, remedy: &'static str) -> BackendError {
    BackendError::refused(GUARD, &format!("{why}; nothing was sent"), remedy)
}

//! What is written before a request of a call leaves.

use std::{io, sync::Arc};

use tokio::sync::OnceCell;

use super::{
    Audit,
    line::{AuditLine, Event, milliseconds, text},
    log::Log,
    writer::Unawaited,
};

/// The line `admitted` of a call, written once.
#[derive(Debug)]
pub struct WriteAhead {
    audit: Arc<Audit>,
    line: AuditLine,
    written: OnceCell<()>,
}

impl WriteAhead {
    pub(super) fn new(audit: &Arc<Audit>, line: &AuditLine) -> Self {
        Self {
            audit: audit.clone(),
            line: AuditLine {
                event: Event::Admitted,
                ..line.clone()
            },
            written: OnceCell::new(),
        }
    }

    /// Writes the line, if it is not written yet. It is in the file when this returns.
    ///
    /// # Errors
    /// When it cannot be written, or the disk does not answer.
    pub async fn write(&self) -> io::Result<()> {
        let writing = self.written.get_or_try_init(|| async {
            let line = AuditLine {
                time: milliseconds(self.audit.clock.timestamp()),
                ..self.line.clone()
            };
            let (id, text) = (line.id.clone(), text(&line)?);
            let write = move |log: &mut Log| log.admit(&id, &text);
            let written = self.audit.run(Unawaited::Skip, write).await;
            if let Err(error) = &written {
                tracing::error!(%error, "the audit cannot be written");
            }
            written
        });
        writing.await.copied()
    }

    /// Whether the line is written.
    pub fn is_written(&self) -> bool {
        self.written.initialized()
    }
}

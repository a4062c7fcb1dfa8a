//! Errors and warnings about policy files, with file, line and column.

use std::{fmt, io, ops::Range};

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde::Serialize;

use super::document::Positions;

/// How severe a diagnostic is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The policy cannot be used.
    Error,
    /// The policy can be used, but a part of it may not do what its author expects.
    Warning,
}

/// An error or a warning about a range of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// The kind of problem; the names are stable.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub hint: Option<String>,
    pub(crate) span: Range<usize>,
}

impl Diagnostic {
    pub(super) fn error(code: &'static str, span: Range<usize>, message: String) -> Self {
        Self {
            severity: Severity::Error,
            code,
            message,
            hint: None,
            span,
        }
    }

    pub(super) fn warning(code: &'static str, span: Range<usize>, message: String) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(code, span, message)
        }
    }

    #[must_use]
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// The errors and warnings about all files of a policy.
#[derive(Debug, Clone, Default)]
pub struct Diagnostics(Vec<InFile>);

/// The errors and warnings about one file.
#[derive(Debug, Clone)]
struct InFile {
    origin: String,
    text: String,
    found: Vec<Diagnostic>,
}

/// A diagnostic with its line and column, as `--json` prints it.
#[derive(Debug, Serialize)]
pub struct Located<'a> {
    file: &'a str,
    line: usize,
    column: usize,
    severity: Severity,
    code: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
}

impl fmt::Display for Located<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (file, line, column) = (self.file, self.line, self.column);
        write!(
            f,
            "{file}:{line}:{column}: {} ({})",
            self.message, self.code
        )
    }
}

impl Diagnostics {
    /// Adds the diagnostics of a file, in the order of its text.
    pub(super) fn add(&mut self, origin: &str, text: &str, mut found: Vec<Diagnostic>) {
        found.sort_by_key(|diagnostic| diagnostic.span.start);
        if !found.is_empty() {
            self.0.push(InFile {
                origin: origin.to_owned(),
                text: text.to_owned(),
                found,
            });
        }
    }

    pub(super) fn unreadable(origin: String, error: &io::Error) -> Self {
        let message = format!("the policy cannot be read: {error}");
        Self(vec![InFile {
            origin,
            text: String::new(),
            found: vec![Diagnostic::error("unreadable", 0..0, message)],
        }])
    }

    /// Whether there are no errors and no warnings.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether there is an error, so that the policy cannot be used.
    pub fn has_errors(&self) -> bool {
        let mut all = self.0.iter().flat_map(|file| &file.found);
        all.any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// All errors and warnings with line and column.
    pub fn located(&self) -> impl Iterator<Item = Located<'_>> {
        self.0.iter().flat_map(|file| {
            let positions = Positions::new(&file.text);
            file.found.iter().map(move |diagnostic| {
                let (line, column) = positions.of(diagnostic.span.start);
                Located {
                    file: &file.origin,
                    line,
                    column,
                    severity: diagnostic.severity,
                    code: diagnostic.code,
                    message: &diagnostic.message,
                    hint: diagnostic.hint.as_deref(),
                }
            })
        })
    }

    /// The errors with line and column.
    pub fn errors(&self) -> impl Iterator<Item = Located<'_>> {
        self.located()
            .filter(|located| located.severity == Severity::Error)
    }

    /// All errors and warnings for a terminal, with the lines that they are about.
    pub fn render(&self, colours: bool) -> String {
        let renderer = if colours {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        self.0.iter().map(|file| file.render(&renderer)).collect()
    }
}

impl InFile {
    fn render(&self, renderer: &Renderer) -> String {
        let mut text = String::new();
        for diagnostic in &self.found {
            let level = match diagnostic.severity {
                Severity::Error => Level::ERROR,
                Severity::Warning => Level::WARNING,
            };
            let title = level
                .primary_title(diagnostic.message.as_str())
                .id(diagnostic.code);
            // About the file as a whole: there is no line to show.
            if self.text.is_empty() {
                let title = renderer.render(&[Group::with_title(title)]);
                text += &format!("{}: {title}\n", self.origin);
                let hint = diagnostic.hint.iter();
                text.extend(hint.map(|hint| format!("  = help: {hint}\n")));
                continue;
            }
            let end = self.text.len();
            let span = diagnostic.span.start.min(end)..diagnostic.span.end.min(end);
            let mut group = Group::with_title(title).element(
                Snippet::source(self.text.as_str())
                    .path(self.origin.as_str())
                    .annotation(AnnotationKind::Primary.span(span)),
            );
            if let Some(hint) = &diagnostic.hint {
                group = group.element(Level::HELP.message(hint.as_str()));
            }
            text += &renderer.render(&[group]);
            text.push('\n');
        }
        text
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.render(false).trim_end())
    }
}

impl std::error::Error for Diagnostics {}

//! What is wrong with a policy file, for whoever wrote it.

use std::{fmt, io, ops::Range};

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde::Serialize;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The policy is not used.
    Error,
    /// The policy is used; something in it may not be what was meant.
    Warning,
}

/// One thing that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// The kind of problem; the names are stable.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub hint: Option<String>,
    span: Range<usize>,
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

/// What was found in the files of a policy.
#[derive(Debug, Clone, Default)]
pub struct Diagnostics(Vec<InFile>);

/// What was found in one file.
#[derive(Debug, Clone)]
struct InFile {
    origin: String,
    text: String,
    found: Vec<Diagnostic>,
}

/// A diagnostic as scripts read it.
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
    /// Adds what was found in a file, where there is anything.
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

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether anything in it stops a policy from being used.
    pub fn has_errors(&self) -> bool {
        let mut all = self.0.iter().flat_map(|file| &file.found);
        all.any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// The findings with line and column.
    pub fn located(&self) -> impl Iterator<Item = Located<'_>> {
        let all = self.0.iter();
        all.flat_map(|file| file.found.iter().map(move |diagnostic| (file, diagnostic)))
            .map(|(file, diagnostic)| {
                let (line, column) = position(&file.text, diagnostic.span.start);
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
    }

    /// What stops a policy from being used.
    pub fn errors(&self) -> impl Iterator<Item = Located<'_>> {
        self.located()
            .filter(|located| located.severity == Severity::Error)
    }

    /// The findings with the lines that they are about.
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
            let mut group = Group::with_title(title);
            if !self.text.is_empty() {
                let end = self.text.len();
                let span = diagnostic.span.start.min(end)..diagnostic.span.end.min(end);
                group = group.element(
                    Snippet::source(self.text.as_str())
                        .path(self.origin.as_str())
                        .annotation(AnnotationKind::Primary.span(span)),
                );
            }
            if let Some(hint) = &diagnostic.hint {
                group = group.element(Level::HELP.message(hint.as_str()));
            }
            if self.text.is_empty() {
                text += &format!("{}: ", self.origin);
            }
            text += &renderer.render(&[group]);
            text.push('\n');
        }
        text
    }
}

/// Line and column of a byte, from 1, the column in characters.
pub(super) fn position(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let column = before.get(start..).map_or(0, |rest| rest.chars().count()) + 1;
    (line, column)
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.render(false).trim_end())
    }
}

impl std::error::Error for Diagnostics {}

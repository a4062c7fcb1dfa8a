//! The files of a policy: the first one, and those that it includes.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use super::{
    Accounts, Diagnostic, Diagnostics, Policy, Severity,
    document::{self, Node, NodeValue, Span},
    parse,
};
use crate::text::hex;

/// The most files that make up one policy.
const MAX_FILES: usize = 32;

/// The text of a policy file and what was read from it.
pub(super) struct SourceFile {
    /// The file's name in rule locations and messages.
    pub(super) origin: String,
    pub(super) path: Option<PathBuf>,
    pub(super) text: String,
    /// The parsed file; `None` if its syntax is wrong.
    pub(super) root: Option<Node>,
    pub(super) problems: Vec<Diagnostic>,
    /// Ranges that may hold a secret and are never shown.
    pub(super) masked: Vec<Span>,
}

impl SourceFile {
    /// A text that does not come from a file.
    pub(super) fn new(origin: &str, text: &str, parsed: Result<Node, Vec<Diagnostic>>) -> Self {
        let (root, problems) = match parsed {
            Ok(root) => (Some(root), Vec::new()),
            Err(problems) => (None, problems),
        };
        Self {
            origin: origin.to_owned(),
            path: None,
            text: text.to_owned(),
            root,
            problems,
            masked: Vec::new(),
        }
    }

    /// Reads a file: JSON if it begins with a brace, which TOML never does, else TOML.
    pub(super) fn read(path: &Path) -> io::Result<Self> {
        let text = document::read_file(path)?;
        let parsed = if text.trim_start().starts_with('{') {
            document::json(&text)
        } else {
            document::toml(&text)
        };
        Ok(Self {
            path: Some(path.to_owned()),
            ..Self::new(&path.display().to_string(), &text, parsed)
        })
    }

    /// Whether it has an error, so that the policy cannot be used.
    pub(super) fn has_errors(&self) -> bool {
        let mut found = self.problems.iter();
        found.any(|problem| problem.severity == Severity::Error)
    }

    /// Its text, with stars in place of what may be a secret.
    pub(super) fn masked_text(&self) -> String {
        let mut shown = self.text.clone();
        for span in &self.masked {
            let stars = |text: &str| -> String {
                let bytes = text.bytes();
                let star = bytes.map(|byte| if byte == b'\n' { '\n' } else { '*' });
                star.collect()
            };
            if let Some(stars) = shown.get(span.clone()).map(stars) {
                shown.replace_range(span.clone(), &stars);
            }
        }
        shown
    }

    /// The files that it includes, each with the entry that names it. The path is `None`
    /// if this text is not in a file, since paths are relative to the including file.
    fn includes(&self) -> Vec<(&Node, Option<PathBuf>)> {
        let include = self.root.as_ref().and_then(|root| root.get("include"));
        let Some(NodeValue::List(items)) = include.map(|node| &node.value) else {
            return Vec::new();
        };
        let folder = self.path.as_deref().and_then(Path::parent);
        let named = items.iter().filter_map(|node| Some((node, node.text()?)));
        named
            .map(|(node, name)| (node, folder.map(|folder| folder.join(name))))
            .collect()
    }
}

/// The files of a policy as they are now.
pub struct Files {
    sources: Vec<SourceFile>,
    named: Vec<PathBuf>,
    unreadable: Option<Diagnostics>,
}

impl Files {
    /// Reads a policy file and all files that it includes, each once.
    pub fn read(path: &Path) -> Self {
        match SourceFile::read(path) {
            Ok(first) => Self::of(first),
            Err(error) => {
                let origin = path.display().to_string();
                Self {
                    sources: Vec::new(),
                    named: vec![path.to_owned()],
                    unreadable: Some(Diagnostics::unreadable(origin, &error)),
                }
            }
        }
    }

    /// A first file or text, and all files that it includes.
    pub(super) fn of(first: SourceFile) -> Self {
        let mut files = Self {
            named: first.path.iter().cloned().collect(),
            sources: vec![first],
            unreadable: None,
        };
        files.include();
        files
    }

    /// The version that a policy made of these files has.
    pub fn version(&self) -> String {
        version(&self.sources)
    }

    /// The paths of all files, including those that cannot be read.
    pub fn named(&self) -> &[PathBuf] {
        &self.named
    }

    /// Checks the files and makes a policy of them.
    ///
    /// # Errors
    /// All mistakes, each with its place.
    pub fn check(self) -> Result<Policy, Diagnostics> {
        self.check_with(None)
    }

    /// Like `check`, for a running server, whose accounts cannot change.
    ///
    /// # Errors
    /// All mistakes, each with its place; other accounts than these are one.
    pub fn check_for(self, accounts: &Accounts) -> Result<Policy, Diagnostics> {
        self.check_with(Some(accounts))
    }

    fn check_with(self, accounts: Option<&Accounts>) -> Result<Policy, Diagnostics> {
        match self.unreadable {
            Some(unreadable) => Err(unreadable),
            None => parse::check(self.sources, accounts),
        }
    }

    fn include(&mut self) {
        let real = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let mut seen: Vec<PathBuf> = self.named.iter().map(|path| real(path)).collect();
        let mut next = 0;
        while let Some(source) = self.sources.get(next) {
            let (mut found, mut problems) = (Vec::new(), Vec::new());
            for (node, path) in source.includes() {
                let problem = |code, message| Diagnostic::error(code, node.span.clone(), message);
                let Some(path) = path else {
                    let message = "include works only in a policy that is in a file".to_owned();
                    problems.push(problem("unreadable", message));
                    continue;
                };
                if seen.contains(&real(&path)) {
                    continue;
                }
                if seen.len() >= MAX_FILES {
                    let message = format!("include: a policy has at most {MAX_FILES} files");
                    problems.push(problem("too-many-files", message));
                    break;
                }
                seen.push(real(&path));
                self.named.push(path.clone());
                match SourceFile::read(&path) {
                    Ok(included) => found.push(included),
                    Err(error) => {
                        let message = format!("`{}` cannot be read: {error}", path.display());
                        let hint = "paths in include are relative to the file that they stand in";
                        problems.push(problem("unreadable", message).hint(hint));
                    }
                }
            }
            if let Some(source) = self.sources.get_mut(next) {
                source.problems.extend(problems);
            }
            self.sources.extend(found);
            next += 1;
        }
    }
}

/// The SHA-256 digest of all files, as hexadecimal digits.
pub(super) fn version(sources: &[SourceFile]) -> String {
    let mut hash = Sha256::new();
    for source in sources {
        hash.update((source.text.len() as u64).to_be_bytes());
        hash.update(source.text.as_bytes());
    }
    hex(&hash.finalize())
}

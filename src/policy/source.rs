//! The files of a policy: the one that is named, and those that it includes.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use super::{
    Accounts, Diagnostic, Diagnostics, Policy, Severity,
    raw::{self, Node, Raw, Span},
    valid,
};
use crate::text::hex;

/// The most files that make up one policy.
const MOST: usize = 32;

/// One file, read and parsed.
pub(super) struct Source {
    /// What it is called in rules and messages.
    pub(super) origin: String,
    pub(super) path: Option<PathBuf>,
    pub(super) text: String,
    /// What it says; `None` where it cannot be parsed.
    pub(super) root: Option<Node>,
    pub(super) problems: Vec<Diagnostic>,
    /// What is not to be shown of it.
    pub(super) covered: Vec<Span>,
}

impl Source {
    /// Text that came from somewhere else than a file.
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
            covered: Vec::new(),
        }
    }

    /// A file: JSON when it begins with a brace, as no TOML does.
    pub(super) fn read(path: &Path) -> io::Result<Self> {
        let text = raw::read_file(path)?;
        let parsed = if text.trim_start().starts_with('{') {
            raw::json(&text)
        } else {
            raw::toml(&text)
        };
        let origin = path.display().to_string();
        Ok(Self {
            path: Some(path.to_owned()),
            ..Self::new(&origin, &text, parsed)
        })
    }

    /// Whether anything in it stops the policy from being used.
    pub(super) fn is_wrong(&self) -> bool {
        let mut found = self.problems.iter();
        found.any(|problem| problem.severity == Severity::Error)
    }

    /// Its text, with stars in the place of what may be a secret.
    pub(super) fn shown(&self) -> String {
        let mut shown = self.text.clone();
        for span in &self.covered {
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

    /// The files that it includes, with the places that name them; text that is in no
    /// file has no place that they could be in.
    fn includes(&self) -> Vec<(&Node, Option<PathBuf>)> {
        let Some(Raw::Table(entries)) = self.root.as_ref().map(|root| &root.value) else {
            return Vec::new();
        };
        let include = entries.iter().find(|(key, _)| key.name == "include");
        let Some(Raw::List(items)) = include.map(|(_, node)| &node.value) else {
            return Vec::new();
        };
        let folder = self.path.as_deref().and_then(Path::parent);
        items
            .iter()
            .filter_map(|node| match &node.value {
                Raw::Text(name) => Some((node, folder.map(|folder| folder.join(name)))),
                _ => None,
            })
            .collect()
    }
}

/// The files of a policy as they are now.
pub struct Files {
    sources: Vec<Source>,
    named: Vec<PathBuf>,
    missing: Option<Diagnostics>,
}

impl Files {
    /// Reads a policy file with all that it includes, itself first, each file once.
    pub fn read(path: &Path) -> Self {
        match Source::read(path) {
            Ok(first) => Self::of(first),
            Err(error) => {
                let origin = path.display().to_string();
                Self {
                    sources: Vec::new(),
                    named: vec![path.to_owned()],
                    missing: Some(Diagnostics::unreadable(origin, &error)),
                }
            }
        }
    }

    /// A first file or text with all that it includes.
    pub(super) fn of(first: Source) -> Self {
        let mut files = Self {
            named: first.path.iter().cloned().collect(),
            sources: vec![first],
            missing: None,
        };
        files.include();
        files
    }

    /// What a policy made of them would have as its version.
    pub fn version(&self) -> String {
        version(&self.sources)
    }

    /// All files that are named, whether or not they could be read.
    pub fn named(&self) -> &[PathBuf] {
        &self.named
    }

    /// Makes a policy of them.
    ///
    /// # Errors
    /// Everything that is wrong with it, each with its place.
    pub fn check(self) -> Result<Policy, Diagnostics> {
        match self.missing {
            Some(missing) => Err(missing),
            None => valid::check(self.sources, None),
        }
    }

    /// Makes a policy of them for a server that has these accounts.
    ///
    /// # Errors
    /// Everything that is wrong with it, each with its place, and other accounts.
    pub fn check_for(self, accounts: &Accounts) -> Result<Policy, Diagnostics> {
        match self.missing {
            Some(missing) => Err(missing),
            None => valid::check(self.sources, Some(accounts)),
        }
    }

    fn include(&mut self) {
        let place = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let mut seen: Vec<PathBuf> = self.named.iter().map(|path| place(path)).collect();
        let mut next = 0;
        while let Some(source) = self.sources.get(next) {
            let (mut found, mut problems) = (Vec::new(), Vec::new());
            for (node, path) in source.includes() {
                let Some(path) = path else {
                    let message = "only a policy in a file can include others".to_owned();
                    problems.push(Diagnostic::error("unreadable", node.span.clone(), message));
                    continue;
                };
                let place = place(&path);
                if seen.contains(&place) {
                    continue;
                }
                if seen.len() >= MOST {
                    let message = format!("a policy has at most {MOST} files");
                    problems.push(Diagnostic::error(
                        "too-many-files",
                        node.span.clone(),
                        message,
                    ));
                    break;
                }
                seen.push(place);
                self.named.push(path.clone());
                match Source::read(&path) {
                    Ok(included) => found.push(included),
                    Err(error) => {
                        let message = format!("`{}` cannot be read: {error}", path.display());
                        let problem = Diagnostic::error("unreadable", node.span.clone(), message);
                        problems.push(problem.hint("paths are relative to the file that includes"));
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

/// Digest of what files say.
pub(super) fn version(sources: &[Source]) -> String {
    let mut hash = Sha256::new();
    for source in sources {
        hash.update((source.text.len() as u64).to_be_bytes());
        hash.update(source.text.as_bytes());
    }
    hex(&hash.finalize())
}

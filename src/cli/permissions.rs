//! Files of the state, the audit and keys that somebody else may read or write.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    accounts::Configured,
    options::{APPROVAL_KEY, PASSWORD},
};
use crate::{
    config::{Config, from_process},
    state_dir::{other_readers, other_writers},
};

/// The most entries of a folder that are looked at.
const MAX_ENTRIES: usize = 1000;

/// A file or folder that others may use, and how to change that.
pub(super) struct Exposure {
    path: PathBuf,
    /// Who may do what, in words.
    who: String,
    /// The argument of `chmod`.
    mode: &'static str,
}

impl Exposure {
    /// What is wrong.
    pub(super) fn found(&self) -> String {
        format!("`{}`: {}", self.path.display(), self.who)
    }

    /// What changes it.
    pub(super) fn remedy(&self) -> String {
        format!("Run `chmod {} {}`.", self.mode, self.path.display())
    }
}

/// What of the state, the audit and the key files of these accounts others may use.
pub(super) fn exposures(
    directory: Option<&Path>,
    audit: Option<&Path>,
    accounts: &[Configured<'_>],
) -> Vec<Exposure> {
    let mut found = exposed_state(directory, audit);
    let mut keys: Vec<_> = accounts.iter().flat_map(Configured::key_files).collect();
    keys.extend(Config::secret_file(PASSWORD, &from_process));
    keys.extend(Config::secret_file(APPROVAL_KEY, &from_process));
    keys.sort_unstable();
    keys.dedup();
    found.extend(keys.into_iter().filter_map(exposed_key));
    found
}

/// State decides what is counted and sent.
fn exposed_state(directory: Option<&Path>, audit: Option<&Path>) -> Vec<Exposure> {
    let mut paths: Vec<_> = directory.iter().map(|path| path.to_path_buf()).collect();
    // The files of an account are in a folder of its own.
    for entry in directory.map(entries).unwrap_or_default() {
        paths.extend(entries(&entry));
        paths.push(entry);
    }
    paths.extend(audit.map(Path::to_owned));
    paths.sort_unstable();
    paths.dedup();
    let exposed = paths.into_iter().filter_map(|path| {
        let who = other_writers(&path)?;
        let mode = "go-w";
        Some(Exposure { path, who, mode })
    });
    exposed.collect()
}

/// Whoever reads a key acts as the account.
fn exposed_key(path: PathBuf) -> Option<Exposure> {
    let who = other_writers(&path).or_else(|| other_readers(&path))?;
    let mode = "go-rwx";
    Some(Exposure { path, who, mode })
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let found = fs::read_dir(folder).into_iter().flatten().flatten();
    found.take(MAX_ENTRIES).map(|entry| entry.path()).collect()
}

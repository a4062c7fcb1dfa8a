//! Values from environment variables and from the files that they name.

use std::{env, fs::File, io::Read, path::PathBuf, time::Duration};

use super::{BackendSpec, ConfigError, Timeouts, bad};
use crate::media::{DEFAULT_MAX_BYTES, MediaRules};

/// The most bytes of media that may be set; in base64 WAHA takes no more.
const MAX_MEDIA_BYTES: usize = 32 * 1024 * 1024;

/// The most that is read of a file with a value.
const MAX_FILE_BYTES: u64 = 64 * 1024;

/// Where variables are read from.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Reads the process's environment.
pub fn from_process(name: &str) -> Option<String> {
    env::var(name).ok()
}

/// An environment in which an empty variable counts as unset.
pub(super) struct Environment<'a>(pub(super) Lookup<'a>);

impl Environment<'_> {
    /// The value of a variable without white space around it; none if nothing is left.
    pub(super) fn var(&self, name: &str) -> Option<String> {
        let value = (self.0)(name)?;
        let value = value.trim();
        (!value.is_empty()).then(|| value.to_owned())
    }

    /// The value of a variable, or of the file that `NAME_FILE` names.
    pub(super) fn value(&self, name: &str) -> Result<Option<String>, ConfigError> {
        if let Some(value) = self.var(name) {
            return Ok(Some(value));
        }
        let file = format!("{name}_FILE");
        let path = self.var(&file);
        path.map(|path| read_file(&file, &path)).transpose()
    }

    /// The file that the value of a variable is read from.
    pub(super) fn file_of(&self, name: &str) -> Option<PathBuf> {
        match self.var(name) {
            Some(_) => None,
            None => self.var(&format!("{name}_FILE")).map(PathBuf::from),
        }
    }

    /// The name of the variable that sets a value: `NAME` or `NAME_FILE`.
    pub(super) fn source_of(&self, name: &str) -> Option<String> {
        [name.to_owned(), format!("{name}_FILE")]
            .into_iter()
            .find(|name| self.var(name).is_some())
    }

    /// The variable that selects a back end: a required one, or else one with a secret, so
    /// that an account that is set in half does not turn into the sandbox.
    pub(super) fn selects(&self, spec: &BackendSpec, secret: bool) -> Option<String> {
        let mut keys = spec.keys.iter();
        keys.find_map(|key| {
            let counts = key.is_secret() == secret && (secret || key.is_required());
            counts.then(|| self.source_of(key.variable)).flatten()
        })
    }

    pub(super) fn timeouts(&self) -> Result<Timeouts, ConfigError> {
        const NAME: &str = "WHATSAPP_GUARD_TIMEOUT";
        let Some(text) = self.var(NAME) else {
            return Ok(Timeouts::default());
        };
        match text.parse::<f64>() {
            Ok(seconds) if (0.1..=600.0).contains(&seconds) => {
                Ok(Timeouts::within(Duration::from_secs_f64(seconds)))
            }
            _ => Err(bad(NAME, "takes seconds from 0.1 to 600")),
        }
    }

    pub(super) fn media(&self) -> Result<MediaRules, ConfigError> {
        const NAME: &str = "WHATSAPP_GUARD_MAX_MEDIA_BYTES";
        let outbox = self.folder("WHATSAPP_GUARD_OUTBOX")?;
        let inbox = self.folder("WHATSAPP_GUARD_INBOX")?;
        let max_bytes = match self.var(NAME) {
            None => DEFAULT_MAX_BYTES,
            Some(text) => text
                .parse()
                .ok()
                .filter(|bytes| (1..=MAX_MEDIA_BYTES).contains(bytes))
                .ok_or_else(|| bad(NAME, format!("takes bytes from 1 to {MAX_MEDIA_BYTES}")))?,
        };
        Ok(MediaRules::new(outbox, max_bytes).with_inbox(inbox))
    }

    fn folder(&self, name: &str) -> Result<Option<PathBuf>, ConfigError> {
        let folder = self.var(name).map(PathBuf::from);
        match &folder {
            Some(path) if !path.is_absolute() => {
                Err(bad(name, "takes the whole path of a folder, from / on"))
            }
            Some(path) if !path.is_dir() => Err(bad(name, "names no folder that can be read")),
            _ => Ok(folder),
        }
    }
}

/// The value in a file that `name` names, without white space around it.
pub(super) fn read_file(name: &str, path: &str) -> Result<String, ConfigError> {
    let mut text = String::new();
    File::open(path)
        .and_then(|file| file.take(MAX_FILE_BYTES).read_to_string(&mut text))
        .map_err(|error| bad(name, format!("names a file that cannot be read: {error}")))?;
    match text.trim() {
        "" => Err(bad(name, "names a file that is empty")),
        value => Ok(value.to_owned()),
    }
}

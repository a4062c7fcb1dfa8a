//! WhatsApp HTTP APIs: one method per operation, which verifies its effect.

mod answer_body;
mod belonging;
mod examine;
mod files;
pub mod green_api;
mod group_tools;
#[cfg(test)]
mod handover_tests;
mod http;
mod member_changes;
mod members;
mod pictures;
mod plain_http;
mod read_request;
mod refusals;
pub mod sandbox;
mod send_error;
mod shapes;
mod showing;
mod verify;
pub mod waha;

use std::{pin::Pin, sync::LazyLock};

use jiff::{SignedDuration, Timestamp};

use crate::{
    config::{BackendSpec, BackendSpecs, Config, ConfigError},
    toolset::{Authority, Toolset},
};
pub use examine::CheckResult;

/// Every back end, in the order in which people see them. A new one is a folder and a line
/// here.
pub static BACKENDS: [&BackendKind; 3] = [&waha::KIND, &green_api::KIND, &sandbox::KIND];

/// A back end in the table.
pub struct BackendKind {
    /// Its name, its configuration keys and the words of its account states.
    pub spec: BackendSpec,
    /// Makes a back end of values that its keys have accepted; contacts nothing.
    open: fn(&Config) -> Result<Box<dyn Backend>, ConfigError>,
}

/// A back end with an account. Nothing is contacted before the first call.
pub trait Backend: Send + Sync {
    /// The tools that it offers, with the authority to permit their calls.
    fn toolset(&self) -> (Toolset, Authority);

    /// The tools that it offers, to be listed and prepared; none of their calls can be run.
    fn tools(&self) -> Toolset {
        self.toolset().0
    }

    /// Checks whether the API answers, accepts the key and has a working session.
    fn examine(&self) -> Pin<Box<dyn Future<Output = Vec<CheckResult>> + Send + '_>>;

    /// Scans the code that links the account, where the phone is simulated. Returns
    /// whether it is.
    fn scan(&self) -> bool {
        false
    }
}

/// The descriptions of all back ends.
pub fn specs() -> BackendSpecs {
    static SPECS: LazyLock<Vec<&BackendSpec>> =
        LazyLock::new(|| BACKENDS.iter().map(|kind| &kind.spec).collect());
    &SPECS
}

/// Opens the back end of a configuration.
///
/// # Errors
/// When a value cannot be used.
pub fn open(config: &Config) -> Result<Box<dyn Backend>, ConfigError> {
    let kind = BACKENDS.iter().find(|kind| kind.spec == *config.backend);
    let kind = kind.ok_or_else(|| ConfigError::Bad {
        name: config.backend.name.to_owned(),
        problem: "is not in the table of back ends".to_owned(),
    })?;
    (kind.open)(config)
}

/// The tools of a back end, whatever account it has.
///
/// # Errors
/// When the examples of its keys cannot be used.
pub fn tools_of(spec: &'static BackendSpec) -> Result<Toolset, ConfigError> {
    let example = |name: &str| {
        let key = spec.keys.iter().find(|key| key.variable == name)?;
        Some(key.example.to_owned())
    };
    let config = Config::read(Some(spec), specs(), &example)?;
    Ok(open(&config)?.tools())
}

/// The time in `seconds` from now, without fractions: APIs are not more exact.
fn in_seconds(seconds: i64) -> Timestamp {
    let now = Timestamp::now();
    let then = now
        .checked_add(SignedDuration::from_secs(seconds))
        .unwrap_or(now);
    Timestamp::from_second(then.as_second()).unwrap_or(then)
}

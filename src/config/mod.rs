//! Which back end, its address and its secrets: from the environment, or from a policy
//! file that says where they are.

mod account_spec;
mod kind;
mod timeouts;

use std::{env, fs::File, io::Read, path::PathBuf, time::Duration};

use secrecy::SecretString;
use sha2::{Digest, Sha256};
use thiserror::Error;
use url::Url;

pub use account_spec::{AccountSpec, Identity, SpecError};
pub use kind::Kind;
pub use timeouts::Timeouts;

use crate::{
    media::{DEFAULT_MAX_BYTES, MediaRules},
    op::AnswerSize,
};

/// The most bytes of media that may be set; in base64 WAHA takes no more.
const MOST_MEDIA_BYTES: usize = 32 * 1024 * 1024;

/// A back end and what it needs.
#[derive(Debug, Clone)]
pub enum Config {
    /// A WAHA server.
    Waha(WahaAccount),
    /// A GREEN-API instance.
    GreenApi(GreenApiAccount),
    /// The built-in stand-in.
    Sandbox(Timeouts, MediaRules),
}

/// A session on a WAHA server.
#[derive(Debug, Clone)]
pub struct WahaAccount {
    /// The server's address (`WAHA_BASE_URL`).
    pub base_url: Url,
    /// The key (`WAHA_API_KEY`); a server may be set up without one.
    pub api_key: Option<SecretString>,
    /// The session's name (`WAHA_SESSION`).
    pub session: SessionName,
    /// How long to wait.
    pub timeouts: Timeouts,
    /// What may be sent from files and addresses.
    pub media: MediaRules,
}

/// A GREEN-API instance.
#[derive(Debug, Clone)]
pub struct GreenApiAccount {
    /// The API's address (`GREENAPI_API_URL`).
    pub api_url: Url,
    /// The address that files are sent to (`GREENAPI_MEDIA_URL`).
    pub media_url: Url,
    /// The instance (`GREENAPI_ID_INSTANCE`), digits.
    pub id_instance: String,
    /// The token (`GREENAPI_API_TOKEN`).
    pub api_token: SecretString,
    /// How long to wait.
    pub timeouts: Timeouts,
    /// What may be sent from files and addresses.
    pub media: MediaRules,
}

/// A WAHA session's name: 1 to 54 letters, digits, `_` or `-`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionName(String);

impl SessionName {
    /// Reads a name.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        ((1..=54).contains(&text.len()) && text.chars().all(fits)).then(|| Self(text.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why there is no usable configuration. Values are never repeated: they may be secrets.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ConfigError {
    /// Several back ends are configured.
    #[error(
        "both WAHA_BASE_URL and GREENAPI_ID_INSTANCE are set; choose one with --backend waha or --backend green-api"
    )]
    TwoAccounts,
    /// Something that the back end needs is not set.
    #[error("--backend {backend} needs `{name}`; set it, or `{name}_FILE` to a file that holds it")]
    Missing {
        /// The back end.
        backend: &'static str,
        /// The variable.
        name: &'static str,
    },
    /// A value cannot be used.
    #[error("`{name}` {problem}")]
    Bad {
        /// The variable.
        name: String,
        /// What is wrong, and what would be right.
        problem: String,
    },
}

/// Where variables are read from.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Reads the process's environment.
pub fn from_process(name: &str) -> Option<String> {
    env::var(name).ok()
}

impl Config {
    /// The configuration for `wanted`, or for what is set when nothing is wanted.
    ///
    /// # Errors
    /// When two accounts are set and none is wanted, or a value is missing or wrong.
    pub fn read(wanted: Option<Kind>, lookup: Lookup<'_>) -> Result<Self, ConfigError> {
        let vars = Vars(lookup);
        let kind = match wanted {
            Some(kind) => kind,
            None => match (vars.any("WAHA_BASE_URL"), vars.any("GREENAPI_ID_INSTANCE")) {
                (true, true) => return Err(ConfigError::TwoAccounts),
                (true, false) => Kind::Waha,
                (false, true) => Kind::GreenApi,
                // An account that is set in half must not turn into the sandbox unseen.
                (false, false) if vars.any("WAHA_API_KEY") => Kind::Waha,
                (false, false) if vars.any("GREENAPI_API_TOKEN") => Kind::GreenApi,
                (false, false) => Kind::Sandbox,
            },
        };
        let timeouts = vars.timeouts()?;
        match kind {
            Kind::Waha => vars.waha(timeouts).map(Self::Waha),
            Kind::GreenApi => vars.green_api(timeouts).map(Self::GreenApi),
            Kind::Sandbox => Ok(Self::Sandbox(timeouts, vars.media()?)),
        }
    }

    /// How large an answer may be (`WHATSAPP_GUARD_MAX_RESULT_BYTES`).
    ///
    /// # Errors
    /// When the value is no number, too small or too large.
    pub fn answer_size(lookup: Lookup<'_>) -> Result<AnswerSize, ConfigError> {
        const NAME: &str = "WHATSAPP_GUARD_MAX_RESULT_BYTES";
        let Some(text) = Vars(lookup).plain(NAME) else {
            return Ok(AnswerSize::default());
        };
        let size = text.parse().ok().and_then(AnswerSize::new);
        let (least, most) = (AnswerSize::RANGE.start(), AnswerSize::RANGE.end());
        size.ok_or_else(|| bad(NAME, format!("takes bytes from {least} to {most}")))
    }

    /// A secret (`NAME`, or the file that `NAME_FILE` names).
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn secret(name: &str, lookup: Lookup<'_>) -> Result<Option<SecretString>, ConfigError> {
        Ok(Vars(lookup).get(name)?.map(SecretString::from))
    }

    /// A name for the account that is the same wherever the same account is
    /// configured; none for the sandbox, which begins anew each time.
    pub fn account(&self) -> Option<String> {
        let (kind, whole) = match self {
            Self::Waha(account) => {
                let (url, session) = (&account.base_url, account.session.as_str());
                (Kind::Waha, format!("{url} {session}"))
            }
            Self::GreenApi(account) => (Kind::GreenApi, account.id_instance.clone()),
            Self::Sandbox(..) => return None,
        };
        let digest = Sha256::digest(whole.as_bytes());
        let short: String = digest
            .iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Some(format!("{}-{short}", kind.name()))
    }

    /// What tells the account from others; none for the sandbox.
    fn identity(&self) -> Option<Identity> {
        let whole = match self {
            Self::Waha(account) => {
                let mut url = account.base_url.clone();
                if is_loopback(&url) {
                    // One machine has several names for itself.
                    let _ = url.set_host(Some("localhost"));
                }
                let url = url.as_str().trim_end_matches('/');
                format!("{url} {}", account.session.as_str())
            }
            Self::GreenApi(account) => account.id_instance.trim_start_matches('0').to_owned(),
            Self::Sandbox(..) => return None,
        };
        Some(Identity {
            key: self.account()?,
            whole,
        })
    }

    /// Whether an environment names an account of its own.
    pub fn names_an_account(lookup: Lookup<'_>) -> bool {
        let vars = Vars(lookup);
        vars.any("WAHA_BASE_URL") || vars.any("GREENAPI_ID_INSTANCE")
    }

    /// The back end that is configured.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Waha(_) => Kind::Waha,
            Self::GreenApi(_) => Kind::GreenApi,
            Self::Sandbox(..) => Kind::Sandbox,
        }
    }
}

struct Vars<'a>(Lookup<'a>);

impl Vars<'_> {
    fn any(&self, name: &str) -> bool {
        self.plain(name).is_some() || self.plain(&format!("{name}_FILE")).is_some()
    }

    fn plain(&self, name: &str) -> Option<String> {
        (self.0)(name)
            .map(|value| value.trim().to_owned())
            .filter(|value| !value.is_empty())
    }

    /// The variable itself, or the file that `NAME_FILE` names.
    fn get(&self, name: &str) -> Result<Option<String>, ConfigError> {
        if let Some(value) = self.plain(name) {
            return Ok(Some(value));
        }
        let file_name = format!("{name}_FILE");
        let Some(path) = self.plain(&file_name).map(PathBuf::from) else {
            return Ok(None);
        };
        let mut text = String::new();
        File::open(&path)
            .and_then(|file| file.take(64 * 1024).read_to_string(&mut text))
            .map_err(|error| {
                bad(
                    &file_name,
                    format!("names a file that cannot be read: {error}"),
                )
            })?;
        match text.trim() {
            "" => Err(bad(&file_name, "names a file that is empty")),
            value => Ok(Some(value.to_owned())),
        }
    }

    fn require(&self, backend: Kind, name: &'static str) -> Result<String, ConfigError> {
        self.get(name)?.ok_or(ConfigError::Missing {
            backend: backend.name(),
            name,
        })
    }

    fn timeouts(&self) -> Result<Timeouts, ConfigError> {
        const NAME: &str = "WHATSAPP_GUARD_TIMEOUT";
        let Some(text) = self.plain(NAME) else {
            return Ok(Timeouts::default());
        };
        match text.parse::<f64>() {
            Ok(seconds) if (0.1..=600.0).contains(&seconds) => {
                Ok(Timeouts::within(Duration::from_secs_f64(seconds)))
            }
            _ => Err(bad(NAME, "takes seconds from 0.1 to 600")),
        }
    }

    fn media(&self) -> Result<MediaRules, ConfigError> {
        const BYTES: &str = "WHATSAPP_GUARD_MAX_MEDIA_BYTES";
        let outbox = self.folder("WHATSAPP_GUARD_OUTBOX")?;
        let inbox = self.folder("WHATSAPP_GUARD_INBOX")?;
        let max_bytes = match self.plain(BYTES) {
            None => DEFAULT_MAX_BYTES,
            Some(text) => text
                .parse()
                .ok()
                .filter(|bytes| (1..=MOST_MEDIA_BYTES).contains(bytes))
                .ok_or_else(|| bad(BYTES, format!("takes bytes from 1 to {MOST_MEDIA_BYTES}")))?,
        };
        Ok(MediaRules::new(outbox, max_bytes).with_inbox(inbox))
    }

    fn folder(&self, name: &str) -> Result<Option<PathBuf>, ConfigError> {
        let folder = self.plain(name).map(PathBuf::from);
        match &folder {
            Some(path) if !path.is_absolute() => {
                Err(bad(name, "takes the whole path of a folder, from / on"))
            }
            Some(path) if !path.is_dir() => Err(bad(name, "names no folder that can be read")),
            _ => Ok(folder),
        }
    }

    fn waha(&self, timeouts: Timeouts) -> Result<WahaAccount, ConfigError> {
        let session = self
            .get("WAHA_SESSION")?
            .unwrap_or_else(|| "default".into());
        Ok(WahaAccount {
            base_url: address("WAHA_BASE_URL", &self.require(Kind::Waha, "WAHA_BASE_URL")?)?,
            api_key: self.get("WAHA_API_KEY")?.map(SecretString::from),
            session: SessionName::parse(&session)
                .ok_or_else(|| bad("WAHA_SESSION", "takes 1 to 54 letters, digits, `_` or `-`"))?,
            timeouts,
            media: self.media()?,
        })
    }

    fn green_api(&self, timeouts: Timeouts) -> Result<GreenApiAccount, ConfigError> {
        let id_instance = self.require(Kind::GreenApi, "GREENAPI_ID_INSTANCE")?;
        if id_instance.len() > 20 || !id_instance.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(bad(
                "GREENAPI_ID_INSTANCE",
                "takes the digits that the console shows",
            ));
        }
        let token = self.require(Kind::GreenApi, "GREENAPI_API_TOKEN")?;
        if !token.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(bad(
                "GREENAPI_API_TOKEN",
                "takes the letters and digits that the console shows",
            ));
        }
        Ok(GreenApiAccount {
            api_url: self.green_api_url("GREENAPI_API_URL", "https://api.green-api.com")?,
            media_url: self.green_api_url("GREENAPI_MEDIA_URL", "https://media.green-api.com")?,
            id_instance,
            api_token: token.into(),
            timeouts,
            media: self.media()?,
        })
    }

    fn green_api_url(&self, name: &str, usual: &str) -> Result<Url, ConfigError> {
        let url = self.get(name)?;
        let url = address(name, url.as_deref().unwrap_or(usual))?;
        if url.scheme() == "http" && !is_loopback(&url) {
            return Err(bad(
                name,
                "has to start with https://: the token is part of every path",
            ));
        }
        Ok(url)
    }
}

fn address(name: &str, text: &str) -> Result<Url, ConfigError> {
    let url =
        Url::parse(text).map_err(|_| bad(name, "is not a URL such as http://localhost:3000"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(bad(name, "has to start with http:// or https://"));
    }
    if !url.username().is_empty()
        || url.password().is_some()
        || url.query().is_some()
        || url.fragment().is_some()
    {
        return Err(bad(
            name,
            "has to be a plain address, without user, password, query or fragment",
        ));
    }
    Ok(url)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

fn bad(name: &str, problem: impl Into<String>) -> ConfigError {
    ConfigError::Bad {
        name: name.to_owned(),
        problem: problem.into(),
    }
}

//! Parses the address of a Redis server. It may hold a password, so no error repeats it.

use redis::{ConnectionInfo, IntoConnectionInfo};
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;
use url::Url;

use super::{RedisClient, Shared};

/// An invalid address. The error does not repeat it, since it may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{0}; an address is like redis://host:6379/0, or rediss:// for TLS")]
pub struct BadAddress(&'static str);

impl Shared {
    /// The server at an address. `password` replaces the one in the address.
    ///
    /// # Errors
    /// If it is not the address of a Redis server.
    pub fn at(address: &SecretString, password: Option<&SecretString>) -> Result<Self, BadAddress> {
        let url = Url::parse(address.expose_secret())
            .map_err(|_| BadAddress("the state address is not a URL"))?;
        if !matches!(url.scheme(), "redis" | "rediss") {
            return Err(BadAddress("the state address has an unknown scheme"));
        }
        let host = url.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or(BadAddress("the state address has no host"))?;
        if url.query().is_some() || url.fragment().is_some() {
            return Err(BadAddress(
                "the state address has more parts than user, password, host, port and database",
            ));
        }
        let number: i64 = match url.path().trim_start_matches('/') {
            "" => 0,
            number => number
                .parse()
                .ok()
                .filter(|number| *number >= 0)
                .ok_or(BadAddress(
                    "the state address has a database that is not a number",
                ))?,
        };
        let (scheme, port) = (url.scheme(), url.port().unwrap_or(6379));
        let location = format!("{scheme}://{host}:{port}/{number}");
        let info = info(url, password).ok_or(BadAddress("the state address is not a URL"))?;
        RedisClient::new(info, location)
            .map(|client| Self {
                client: client.into(),
                marks: None,
            })
            .ok_or(BadAddress("the state address is invalid"))
    }
}

fn info(url: Url, password: Option<&SecretString>) -> Option<ConnectionInfo> {
    let info = url.into_connection_info().ok()?;
    let mut settings = info.redis_settings().clone().set_skip_set_lib_name();
    if let Some(password) = password {
        settings = settings.set_password(password.expose_secret());
    }
    Some(info.set_redis_settings(settings))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_never_shows_a_password() {
        for (address, location) in [
            ("redis://10.0.0.1", "redis://10.0.0.1:6379/0"),
            ("redis://u:s3cret@host:1234/7", "redis://host:1234/7"),
            ("rediss://:s3cret@[::1]:1/", "rediss://[::1]:1/0"),
            ("REDIS://localhost/", "redis://localhost:6379/0"),
        ] {
            let password = SecretString::from("0ther");
            let shared = Shared::at(&address.into(), Some(&password)).unwrap();
            assert_eq!(shared.location(), location);
            let shown = format!("{shared:?} {:?}", shared.ledger("a"));
            assert!(!shown.contains("s3cret") && !shown.contains("0ther"));
        }
        for address in [
            "redis://",
            "redis:///0",
            "redis://s3cret@host/one",
            "redis://host/-1",
            "redis://host/0?protocol=s3cret",
            "rediss://host/0#insecure",
            "http://s3cret@host",
            "redis://host:99999999/s3cret",
        ] {
            let error = Shared::at(&address.into(), None).unwrap_err();
            assert!(!error.to_string().contains("s3cret"), "{error}");
        }
    }
}

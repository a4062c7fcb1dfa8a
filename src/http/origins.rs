//! Checks the `Host` and `Origin` headers, which protects against DNS rebinding.

use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderValue, header, uri::Authority};
use url::Url;

use crate::net::is_loopback;

/// The host names of this server, and the web origins that may use it.
#[derive(Debug, Clone, Default)]
pub struct Origins {
    hosts: Vec<String>,
    origins: Vec<Url>,
    /// Whether a `Host` may be any IP address.
    addresses: bool,
}

impl Origins {
    /// Only this machine.
    pub fn loopback() -> Self {
        Self::default()
    }

    /// This machine, these host names (`example.com` or `example.com:8443`) and these
    /// web origins (`https://example.com`).
    ///
    /// # Errors
    /// The first entry that is not a host name or not a web origin.
    pub fn new(hosts: &[String], origins: &[String]) -> Result<Self, String> {
        let mut allowed = Self::loopback();
        for host in hosts {
            let authority: Authority = host.parse().map_err(|_| host.clone())?;
            allowed.hosts.push(authority.as_str().to_ascii_lowercase());
        }
        for origin in origins {
            let url = web_origin(origin).filter(Url::has_host);
            allowed.origins.push(url.ok_or_else(|| origin.clone())?);
        }
        Ok(allowed)
    }

    /// The same, and every IP address as a `Host`.
    pub(super) fn with_addresses(mut self) -> Self {
        self.addresses = true;
        self
    }

    /// Checks each `Host` header, of which there has to be one, and each `Origin` header.
    ///
    /// # Errors
    /// Which header is wrong, and how to allow its value.
    pub fn check(&self, headers: &HeaderMap) -> Result<(), &'static str> {
        if !headers.contains_key(header::HOST) {
            return Err("the Host header is missing; send the name of this server");
        }
        let allowed = |host: &HeaderValue| host.to_str().is_ok_and(|host| self.allows_host(host));
        if !headers.get_all(header::HOST).iter().all(allowed) {
            return Err("the Host header is not a name of this server; allow it with --allow-host");
        }
        let mut origins = headers.get_all(header::ORIGIN).iter();
        if !origins.all(|origin| self.allows_origin(origin)) {
            return Err("this web origin may not use this server; allow it with --allow-origin");
        }
        Ok(())
    }

    fn allows_host(&self, host: &str) -> bool {
        let Ok(authority) = host.parse::<Authority>() else {
            return false;
        };
        let (whole, name) = (authority.as_str(), authority.host());
        let address = address(name);
        name.eq_ignore_ascii_case("localhost")
            || address.is_some_and(|address| self.addresses || address.is_loopback())
            || self.hosts.iter().any(|allowed| {
                allowed.eq_ignore_ascii_case(whole) || allowed.eq_ignore_ascii_case(name)
            })
    }

    fn allows_origin(&self, origin: &HeaderValue) -> bool {
        let Some(url) = origin.to_str().ok().and_then(web_origin) else {
            return false;
        };
        let same = |allowed: &Url| allowed.origin() == url.origin();
        is_loopback(&url) || self.origins.iter().any(same)
    }
}

/// The URL of a web page's origin: `http` or `https`.
fn web_origin(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    matches!(url.scheme(), "http" | "https").then_some(url)
}

/// The address that a `Host` header has instead of a name.
fn address(name: &str) -> Option<IpAddr> {
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    bare.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(host: &'static str, origin: Option<&'static str>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static(host));
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, HeaderValue::from_static(origin));
        }
        headers
    }

    #[test]
    fn only_loopback_is_allowed_by_default() {
        let local = Origins::loopback();
        for host in ["localhost", "localhost:8788", "127.0.0.1:1", "[::1]:8788"] {
            assert_eq!(local.check(&request(host, None)), Ok(()), "{host}");
        }
        for host in [
            "example.com",
            "localhost.example.com",
            "10.0.0.1",
            "127.0.0.1.nip.io",
            "@",
        ] {
            assert!(local.check(&request(host, None)).is_err(), "{host}");
        }
        assert!(local.check(&HeaderMap::new()).is_err());
        for origin in [
            "http://localhost:3000",
            "http://127.0.0.1",
            "https://[::1]:9",
        ] {
            assert_eq!(
                local.check(&request("localhost", Some(origin))),
                Ok(()),
                "{origin}"
            );
        }
        for origin in [
            "https://example.com",
            "null",
            "http://localhost.example.com",
            "file:///x",
        ] {
            assert!(
                local.check(&request("localhost", Some(origin))).is_err(),
                "{origin}"
            );
        }
    }

    #[test]
    fn allowed_hosts_and_origins_match_as_a_whole() {
        let hosts = [
            "wg.example.com".to_owned(),
            "other.example.com:8443".to_owned(),
        ];
        let allowed = ["https://app.example.com".to_owned()];
        let origins = Origins::new(&hosts, &allowed);
        let check = |host, origin| {
            let origins = origins.as_ref().map_err(Clone::clone);
            origins.is_ok_and(|origins| origins.check(&request(host, origin)).is_ok())
        };
        assert!(check("wg.example.com", None));
        assert!(check("WG.example.com:443", None));
        assert!(check("other.example.com:8443", None));
        assert!(!check("other.example.com:1", None));
        assert!(check("wg.example.com", Some("https://app.example.com")));
        assert!(!check("wg.example.com", Some("http://app.example.com")));
        assert!(!check(
            "wg.example.com",
            Some("https://app.example.com:444")
        ));
        assert_eq!(
            Origins::new(&[], &["app".to_owned()]).err().as_deref(),
            Some("app")
        );
    }
}

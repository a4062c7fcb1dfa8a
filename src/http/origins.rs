//! Where requests may come from: the name that they use for this server, and the page
//! that a browser sends them from.

use axum::http::{HeaderMap, HeaderValue, header, uri::Authority};
use url::{Host, Url};

/// The names of this server, and the pages that may use it.
#[derive(Debug, Clone, Default)]
pub struct Origins {
    hosts: Vec<String>,
    pages: Vec<Url>,
}

impl Origins {
    /// Only this machine.
    pub fn loopback() -> Self {
        Self::default()
    }

    /// Also these host names (`example.com` or `example.com:8443`) and pages
    /// (`https://example.com`).
    ///
    /// # Errors
    /// The entry that is none.
    pub fn new(hosts: &[String], pages: &[String]) -> Result<Self, String> {
        let mut origins = Self::loopback();
        for host in hosts {
            let authority: Authority = host.parse().map_err(|_| host.clone())?;
            origins.hosts.push(authority.as_str().to_ascii_lowercase());
        }
        for page in pages {
            let url = Url::parse(page).map_err(|_| page.clone())?;
            if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
                return Err(page.clone());
            }
            origins.pages.push(url);
        }
        Ok(origins)
    }

    /// Whether a request comes from where it may.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn check(&self, headers: &HeaderMap) -> Result<(), &'static str> {
        let host = headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok());
        match host {
            Some(host) if self.knows(host) => {}
            Some(_) => return Err("this name is not one of this server; see --allow-host"),
            None => return Err("the Host header is missing"),
        }
        match headers.get(header::ORIGIN) {
            None => Ok(()),
            Some(origin) if self.admits(origin) => Ok(()),
            Some(_) => Err("pages of this origin may not use this server; see --allow-origin"),
        }
    }

    fn knows(&self, host: &str) -> bool {
        let Ok(authority) = host.parse::<Authority>() else {
            return false;
        };
        let (whole, name) = (authority.as_str(), authority.host());
        is_loopback_name(name)
            || self
                .hosts
                .iter()
                .any(|known| known.eq_ignore_ascii_case(whole) || known.eq_ignore_ascii_case(name))
    }

    fn admits(&self, origin: &HeaderValue) -> bool {
        let Some(url) = origin.to_str().ok().and_then(|text| Url::parse(text).ok()) else {
            return false;
        };
        let local = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        let same = |page: &Url| page.origin() == url.origin();
        matches!(url.scheme(), "http" | "https") && (local || self.pages.iter().any(same))
    }
}

/// `localhost`, or an address that leads back to this machine.
fn is_loopback_name(name: &str) -> bool {
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    let address = bare.parse::<std::net::IpAddr>();
    name.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asks(host: &'static str, origin: Option<&'static str>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static(host));
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, HeaderValue::from_static(origin));
        }
        headers
    }

    #[test]
    fn only_this_machine_unless_more_is_named() {
        let local = Origins::loopback();
        for host in ["localhost", "localhost:8788", "127.0.0.1:1", "[::1]:8788"] {
            assert_eq!(local.check(&asks(host, None)), Ok(()), "{host}");
        }
        for host in [
            "example.com",
            "localhost.example.com",
            "10.0.0.1",
            "127.0.0.1.nip.io",
            "@",
        ] {
            assert!(local.check(&asks(host, None)).is_err(), "{host}");
        }
        assert!(local.check(&HeaderMap::new()).is_err());
        for origin in [
            "http://localhost:3000",
            "http://127.0.0.1",
            "https://[::1]:9",
        ] {
            assert_eq!(
                local.check(&asks("localhost", Some(origin))),
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
                local.check(&asks("localhost", Some(origin))).is_err(),
                "{origin}"
            );
        }
    }

    #[test]
    fn what_is_named_is_let_in_by_its_whole_name() {
        let hosts = [
            "wg.example.com".to_owned(),
            "other.example.com:8443".to_owned(),
        ];
        let pages = ["https://app.example.com".to_owned()];
        let origins = Origins::new(&hosts, &pages);
        let check = |host, origin| {
            let origins = origins.as_ref().map_err(Clone::clone);
            origins.is_ok_and(|origins| origins.check(&asks(host, origin)).is_ok())
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

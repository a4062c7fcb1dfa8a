//! Forms that values of several back ends have.

use url::{Host, Url};

/// Parses an `http:` or `https:` address without user, password, query and fragment.
///
/// # Errors
/// What is wrong, to follow the name of the key.
pub fn http_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|_| "is not a URL such as http://localhost:3000")?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err("has to start with http:// or https://".to_owned());
    }
    let parts = [url.query(), url.fragment(), url.password()];
    if !url.username().is_empty() || parts.iter().any(Option::is_some) {
        let plain = "has to be a plain address, without user, password, query or fragment";
        return Err(plain.to_owned());
    }
    Ok(url)
}

/// Whether a URL leads to this machine.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

//! What every HTTP client of the program has in common, and which URLs are local.

use reqwest::{Client, ClientBuilder, redirect::Policy};
use url::{Host, Url};

/// What every request says about who makes it.
pub(crate) const AGENT: &str = concat!("whatsapp-guard/", env!("CARGO_PKG_VERSION"));

/// A client that follows no redirects, uses no proxy and sends no referer.
fn client_builder() -> ClientBuilder {
    // The default provider is the same everywhere; another client may have set it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .redirect(Policy::none())
        // A URL may hold a secret, and a proxy would see it.
        .no_proxy()
        .referer(false)
        .user_agent(AGENT)
}

/// A builder of clients for URLs of this scheme. One that is for `http:` alone trusts no
/// certificate: reading the system's takes longer than most requests.
pub(crate) fn client_builder_for(scheme: &str) -> ClientBuilder {
    match scheme {
        "http" => client_builder().tls_certs_only([]),
        _ => client_builder(),
    }
}

/// Whether the host of a URL is `localhost` or a loopback address.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

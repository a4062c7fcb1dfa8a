//! Fetching from the public internet.

use std::{
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use reqwest::{
    Client, Response, StatusCode,
    dns::{Addrs, Name, Resolve, Resolving},
    header::{CONTENT_ENCODING, CONTENT_TYPE},
    redirect::Policy,
};
use url::{Host, Url};

use super::{LoadError, MediaRules, SourceFile, address::is_public};

type ResolveHost = fn(String, u16) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// How host names are resolved, and which addresses may be called.
#[derive(Debug, Clone, Copy)]
pub(super) struct Net {
    pub(super) resolve: ResolveHost,
    pub(super) may_call: fn(IpAddr) -> bool,
    pub(super) scheme: &'static str,
}

impl Net {
    /// The public internet, over https.
    pub(super) const PUBLIC: Self = Self {
        resolve: system,
        may_call: is_public,
        scheme: "https",
    };
}

fn system(
    host: String,
    port: u16,
) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>> {
    Box::pin(async move {
        let found = tokio::net::lookup_host((host, port)).await?;
        Ok(found.map(|address| address.ip()).collect())
    })
}

/// Resolves every name to the addresses that were checked: a second look-up of the name
/// could return others.
struct Pinned(Vec<SocketAddr>);

impl Resolve for Pinned {
    fn resolve(&self, _: Name) -> Resolving {
        let addresses: Addrs = Box::new(self.0.clone().into_iter());
        Box::pin(async move { Ok(addresses) })
    }
}

/// Requests a file if all addresses of its host are public. The body has not been read.
pub(super) async fn open(
    text: &str,
    rules: &MediaRules,
    time: Duration,
) -> Result<(Response, Url), LoadError> {
    let url = parsed(text, rules.net.scheme)?;
    let addresses = addresses(&url, rules.net).await?;
    let client = client(addresses, rules.net, time)?;
    let response = client.get(url.clone()).send().await.map_err(lost)?;
    match response.status() {
        StatusCode::OK => {}
        status if status.is_redirection() => {
            return Err(failed("it leads to a redirect, which is not followed"));
        }
        status => return Err(LoadError::Answered(status.as_u16())),
    }
    if response.headers().contains_key(CONTENT_ENCODING) {
        return Err(failed("its content is compressed, which was not requested"));
    }
    Ok((response, url))
}

/// Fetches a file to be sent.
pub(super) async fn fetch(text: &str, rules: &MediaRules) -> Result<SourceFile, LoadError> {
    let (mut response, url) = open(text, rules, rules.time).await?;
    let too_large = || LoadError::TooLarge(rules.max_bytes);
    if response
        .content_length()
        .is_some_and(|length| length > rules.max_bytes as u64)
    {
        return Err(too_large());
    }
    let declared = response.headers().get(CONTENT_TYPE);
    let declared = declared
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned);
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(lost)? {
        if bytes.len() + chunk.len() > rules.max_bytes {
            return Err(too_large());
        }
        bytes.extend_from_slice(&chunk);
    }
    let name = url.path_segments().and_then(Iterator::last);
    Ok(SourceFile {
        bytes,
        declared,
        name: name.map(str::to_owned),
    })
}

fn parsed(text: &str, scheme: &str) -> Result<Url, LoadError> {
    let url = Url::parse(text).map_err(|_| LoadError::Source("`url` is no address"))?;
    if url.scheme() != scheme {
        return Err(LoadError::Source("`url` has to start with https://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(LoadError::Source("`url` may not hold a user or password"));
    }
    Ok(url)
}

/// The addresses of a host, if all of them may be called.
async fn addresses(url: &Url, net: Net) -> Result<Vec<SocketAddr>, LoadError> {
    let port = url.port_or_known_default().unwrap_or(443);
    let found = match url.host() {
        // Numbers in any notation have been read as an address by now.
        Some(Host::Ipv4(address)) => vec![IpAddr::V4(address)],
        Some(Host::Ipv6(address)) => vec![IpAddr::V6(address)],
        Some(Host::Domain(name)) => (net.resolve)(name.to_owned(), port)
            .await
            .map_err(|_| failed("its host has no address"))?,
        None => Vec::new(),
    };
    if found.is_empty() {
        return Err(failed("its host has no address"));
    }
    if !found.iter().all(|address| (net.may_call)(*address)) {
        return Err(LoadError::NotPublic);
    }
    let with_port = |address| SocketAddr::new(address, port);
    Ok(found.into_iter().map(with_port).collect())
}

/// A client for one fetch: it knows one host and keeps no state.
fn client(addresses: Vec<SocketAddr>, net: Net, time: Duration) -> Result<Client, LoadError> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .dns_resolver(Arc::new(Pinned(addresses)))
        .https_only(net.scheme == "https")
        .redirect(Policy::none())
        .no_proxy()
        .referer(false)
        .timeout(time)
        .user_agent(concat!("whatsapp-guard/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|_| failed("there is no way to make a secure connection"))
}

fn lost(_: reqwest::Error) -> LoadError {
    failed("the connection failed")
}

fn failed(why: &str) -> LoadError {
    LoadError::Fetch(why.to_owned())
}

//! Downloads files from the public internet, protected against server-side request
//! forgery.

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
};
use url::{Host, Url};

use super::{LoadError, MediaRules, RawMedia, RequestGuard, public_ip::is_public, take};
use crate::{net::client_builder_for, shares::Share};

type LookupFn = fn(String, u16) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// How host names are resolved, and which addresses may be contacted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Network {
    pub(super) lookup: LookupFn,
    pub(super) is_allowed: fn(IpAddr) -> bool,
    pub(super) scheme: &'static str,
}

impl Network {
    /// The public internet, over https.
    pub(super) const PUBLIC: Self = Self {
        lookup: system_lookup,
        is_allowed: is_public,
        scheme: "https",
    };
}

fn system_lookup(
    host: String,
    port: u16,
) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>> {
    Box::pin(async move {
        let found = tokio::net::lookup_host((host, port)).await?;
        Ok(found.map(|address| address.ip()).collect())
    })
}

/// Resolves every name to the addresses that were checked, so that a second DNS lookup
/// cannot return others (DNS rebinding).
struct PinnedResolver(Vec<SocketAddr>);

impl Resolve for PinnedResolver {
    fn resolve(&self, _: Name) -> Resolving {
        let addresses: Addrs = Box::new(self.0.clone().into_iter());
        Box::pin(async move { Ok(addresses) })
    }
}

/// Requests a file if all addresses of its host are public. The body is not read yet.
pub(super) async fn open(
    text: &str,
    rules: &MediaRules,
    timeout: Duration,
    guard: RequestGuard<'_>,
) -> Result<(Response, Url), LoadError> {
    let url = parse_url(text, rules.network.scheme)?;
    let addresses = resolve(&url, rules.network).await?;
    let client = client(addresses, rules.network, timeout)?;
    let request = client.get(url.clone()).build().map_err(lost)?;
    let response = client.execute(guard(request)).await.map_err(lost)?;
    match response.status() {
        StatusCode::OK => {}
        status if status.is_redirection() => {
            return Err(failed("it redirects to another URL, which is not followed"));
        }
        status => return Err(LoadError::Status(status.as_u16())),
    }
    if response.headers().contains_key(CONTENT_ENCODING) {
        return Err(failed("its content is compressed, which was not requested"));
    }
    Ok((response, url))
}

/// Downloads a file that is to be sent.
pub(super) async fn fetch(
    text: &str,
    rules: &MediaRules,
    room: &mut Share,
    guard: RequestGuard<'_>,
) -> Result<RawMedia, LoadError> {
    let (mut response, url) = open(text, rules, rules.timeout, guard).await?;
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
        take(room, chunk.len())?;
        bytes.extend_from_slice(&chunk);
    }
    let name = url.path_segments().and_then(Iterator::last);
    Ok(RawMedia {
        bytes,
        declared,
        name: name.map(str::to_owned),
    })
}

fn parse_url(text: &str, scheme: &str) -> Result<Url, LoadError> {
    let url = Url::parse(text).map_err(|_| LoadError::InvalidSource("`url` is not a URL"))?;
    if url.scheme() != scheme {
        return Err(LoadError::InvalidSource("`url` must start with https://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(LoadError::InvalidSource(
            "`url` must not contain a user name or password",
        ));
    }
    Ok(url)
}

/// The addresses of a host, if all of them may be contacted.
async fn resolve(url: &Url, network: Network) -> Result<Vec<SocketAddr>, LoadError> {
    let port = url.port_or_known_default().unwrap_or(443);
    let found = match url.host() {
        // The URL parser has turned numbers in any notation into an address.
        Some(Host::Ipv4(address)) => vec![IpAddr::V4(address)],
        Some(Host::Ipv6(address)) => vec![IpAddr::V6(address)],
        Some(Host::Domain(name)) => (network.lookup)(name.to_owned(), port)
            .await
            .map_err(|_| failed("its host has no address"))?,
        None => Vec::new(),
    };
    if found.is_empty() {
        return Err(failed("its host has no address"));
    }
    if !found.iter().all(|address| (network.is_allowed)(*address)) {
        return Err(LoadError::NotPublic);
    }
    let with_port = |address| SocketAddr::new(address, port);
    Ok(found.into_iter().map(with_port).collect())
}

/// A client for one download: it knows the addresses of one host.
fn client(
    addresses: Vec<SocketAddr>,
    network: Network,
    timeout: Duration,
) -> Result<Client, LoadError> {
    client_builder_for(network.scheme)
        .dns_resolver(Arc::new(PinnedResolver(addresses)))
        .https_only(network.scheme == "https")
        .timeout(timeout)
        .build()
        .map_err(|_| failed("TLS is not available"))
}

fn lost(_: reqwest::Error) -> LoadError {
    failed("the connection failed")
}

fn failed(why: &'static str) -> LoadError {
    LoadError::Fetch(why)
}

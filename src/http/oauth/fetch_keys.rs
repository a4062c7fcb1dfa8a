//! Fetches the keys of an authorization server, with bounds on time and size.

use std::time::Duration;

use reqwest::{Client, StatusCode, header};
use serde::Deserialize;
use tokio::time::timeout;

use super::jwks::KeySet;
use crate::{
    net::client_builder_for,
    policy::{Address, OAuth},
};

/// The largest response that is accepted.
const MAX_RESPONSE_BYTES: usize = 256 * 1024;

/// How long one request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

/// How long all requests together may take.
const TOTAL_TIMEOUT: Duration = Duration::from_secs(10);

/// Bounds for the lifetime that the server's `Cache-Control` gives to its keys.
const MIN_TTL: Duration = Duration::from_secs(60);
const MAX_TTL: Duration = Duration::from_secs(60 * 60);

/// The lifetime of keys without a `Cache-Control`.
const DEFAULT_TTL: Duration = Duration::from_secs(10 * 60);

/// Keys and their lifetime.
pub(super) struct FetchedKeys {
    pub(super) keys: KeySet,
    pub(super) ttl: Duration,
}

/// The fields of an authorization server's metadata (RFC 8414) that are used here.
#[derive(Deserialize)]
struct IssuerMetadata {
    issuer: String,
    jwks_uri: String,
}

/// Fetches the keys of an issuer.
///
/// # Errors
/// Why there are no keys, for the log.
pub(super) async fn fetch_keys(oauth: &OAuth) -> Result<FetchedKeys, &'static str> {
    let fetching = async {
        let first = oauth.jwks_uri.as_ref().unwrap_or(&oauth.issuer);
        let mut client = client_for(first)?;
        let address = match &oauth.jwks_uri {
            Some(address) => address.clone(),
            None => discover_jwks_uri(&client, &oauth.issuer).await?,
        };
        if address.url.scheme() != first.url.scheme() {
            client = client_for(&address)?;
        }
        let (body, ttl) = get(&client, &address).await?;
        let keys = KeySet::parse(&body).ok_or("the response is not a JSON Web Key Set")?;
        Ok(FetchedKeys { keys, ttl })
    };
    timeout(TOTAL_TIMEOUT, fetching)
        .await
        .unwrap_or(Err("no response within the time limit"))
}

/// A client for addresses of the same scheme.
fn client_for(address: &Address) -> Result<Client, &'static str> {
    client_builder_for(address.url.scheme())
        .timeout(REQUEST_TIMEOUT)
        .build()
        .map_err(|_| "TLS is not available: the system's certificates cannot be read")
}

/// The `jwks_uri` in the issuer's metadata.
async fn discover_jwks_uri(client: &Client, issuer: &Address) -> Result<Address, &'static str> {
    let mut why = "the issuer has no metadata; set `jwks_uri` in the policy";
    let path = issuer.url.path().trim_end_matches('/');
    // The path of RFC 8414, and the two paths of OpenID Connect Discovery.
    for path in [
        format!("/.well-known/oauth-authorization-server{path}"),
        format!("/.well-known/openid-configuration{path}"),
        format!("{path}/.well-known/openid-configuration"),
    ] {
        let mut url = issuer.url.clone();
        url.set_path(&path);
        let Some(address) = Address::new(url.as_str()) else {
            continue;
        };
        let Ok((body, _)) = get(client, &address).await else {
            continue;
        };
        let Ok(metadata) = serde_json::from_slice::<IssuerMetadata>(&body) else {
            why = "the issuer's metadata is malformed";
            continue;
        };
        // Otherwise one issuer could speak for another.
        if metadata.issuer != issuer.text {
            why = "the issuer's metadata names another issuer";
            continue;
        }
        return Address::with_query(&metadata.jwks_uri)
            .ok_or("`jwks_uri` in the issuer's metadata is not an https URL");
    }
    Err(why)
}

/// The body of a response, and how long it may be cached.
async fn get(client: &Client, address: &Address) -> Result<(Vec<u8>, Duration), &'static str> {
    let request = client.get(address.url.clone());
    let request = request.header(header::ACCEPT, "application/json");
    let sent = request.send().await;
    let mut response = sent.map_err(|_| "the issuer cannot be reached")?;
    if response.status() != StatusCode::OK {
        return Err("the status of the response is not 200");
    }
    let control = response.headers().get(header::CACHE_CONTROL);
    let ttl = ttl(control.and_then(|value| value.to_str().ok()));
    let mut body = Vec::new();
    let lost = |_| "the connection was lost during the response";
    while let Some(chunk) = response.chunk().await.map_err(lost)? {
        if body.len() + chunk.len() > MAX_RESPONSE_BYTES {
            return Err("the response is larger than 256 KiB");
        }
        body.extend_from_slice(&chunk);
    }
    Ok((body, ttl))
}

/// How long a response may be cached according to its `Cache-Control`, within
/// [`MIN_TTL`] and [`MAX_TTL`].
fn ttl(control: Option<&str>) -> Duration {
    let mut ttl = DEFAULT_TTL;
    for directive in control.into_iter().flat_map(|text| text.split(',')) {
        let directive = directive.trim().to_ascii_lowercase();
        if directive == "no-store" || directive == "no-cache" {
            return MIN_TTL;
        }
        if let Some(seconds) = directive.strip_prefix("max-age=") {
            let seconds = seconds.trim_matches('"').parse();
            ttl = seconds.map_or(MIN_TTL, Duration::from_secs);
        }
    }
    ttl.clamp(MIN_TTL, MAX_TTL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cache_control_sets_the_lifetime_within_bounds() {
        for (control, seconds) in [
            (None, 600),
            (Some("public"), 600),
            (Some("public, max-age=300"), 300),
            (Some("Max-Age=\"300\""), 300),
            (Some("max-age=0"), 60),
            (Some("max-age=86400"), 3600),
            (Some("max-age=-1"), 60),
            (Some("no-store"), 60),
            (Some("max-age=300, no-cache"), 60),
            (Some("no-cache, max-age=300"), 60),
        ] {
            assert_eq!(ttl(control), Duration::from_secs(seconds), "{control:?}");
        }
    }
}

//! Asking an authorization server for its keys: bounded, and nobody else.

use std::time::Duration;

use reqwest::{Client, StatusCode, header, redirect::Policy};
use serde::Deserialize;
use tokio::time::timeout;

use super::jwks::KeySet;
use crate::policy::{Address, OAuth};

/// The largest answer that is read.
const LARGEST: usize = 256 * 1024;

/// How long one answer may take.
const TIME: Duration = Duration::from_secs(5);

/// How long all of them may take together.
const ALL: Duration = Duration::from_secs(10);

/// How long keys may be good for without another look: what the server says, within this.
const FRESH: [Duration; 2] = [Duration::from_secs(60), Duration::from_secs(60 * 60)];

/// The same, where it says nothing.
const USUAL: Duration = Duration::from_secs(10 * 60);

/// Keys, and how long they are good for.
pub(super) struct Fetched {
    pub(super) keys: KeySet,
    pub(super) fresh_for: Duration,
}

/// What an authorization server says of itself, as far as it is asked.
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    jwks_uri: String,
}

/// Gets the keys of an issuer.
///
/// # Errors
/// Why there are none, in words for the log.
pub(super) async fn keys(oauth: &OAuth) -> Result<Fetched, &'static str> {
    let asking = async {
        let client = client()?;
        let address = match &oauth.jwks_uri {
            Some(address) => address.clone(),
            None => named(&client, &oauth.issuer).await?,
        };
        let (body, fresh_for) = get(&client, &address).await?;
        let keys = KeySet::read(&body).ok_or("its answer is no set of keys")?;
        Ok(Fetched { keys, fresh_for })
    };
    timeout(ALL, asking)
        .await
        .unwrap_or(Err("it did not answer in time"))
}

/// Where the issuer's metadata says that its keys are.
async fn named(client: &Client, issuer: &Address) -> Result<Address, &'static str> {
    let mut why = "it has no metadata; `jwks_uri` can be written into the policy";
    let path = issuer.url.path().trim_end_matches('/');
    // OAuth's place (RFC 8414), and the two of OpenID Connect.
    for place in [
        format!("/.well-known/oauth-authorization-server{path}"),
        format!("/.well-known/openid-configuration{path}"),
        format!("{path}/.well-known/openid-configuration"),
    ] {
        let mut url = issuer.url.clone();
        url.set_path(&place);
        let Some(address) = Address::new(url.as_str()) else {
            continue;
        };
        let Ok((body, _)) = get(client, &address).await else {
            continue;
        };
        let Ok(metadata) = serde_json::from_slice::<Metadata>(&body) else {
            why = "its metadata cannot be read";
            continue;
        };
        // Otherwise one issuer could speak for another.
        if metadata.issuer != issuer.text {
            why = "its metadata is of another issuer";
            continue;
        }
        return Address::with_query(&metadata.jwks_uri).ok_or("its `jwks_uri` is no https address");
    }
    Err(why)
}

async fn get(client: &Client, address: &Address) -> Result<(Vec<u8>, Duration), &'static str> {
    let request = client.get(address.url.clone());
    let sent = request
        .header(header::ACCEPT, "application/json")
        .send()
        .await;
    let mut response = sent.map_err(|_| "it cannot be reached")?;
    if response.status() != StatusCode::OK {
        return Err("it answered with another status than 200");
    }
    let control = response.headers().get(header::CACHE_CONTROL);
    let fresh_for = fresh_for(control.and_then(|value| value.to_str().ok()));
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| "its answer broke off")? {
        if body.len() + chunk.len() > LARGEST {
            return Err("its answer is larger than 256 KiB");
        }
        body.extend_from_slice(&chunk);
    }
    Ok((body, fresh_for))
}

/// How long an answer is good for, by its `Cache-Control`.
fn fresh_for(control: Option<&str>) -> Duration {
    let [least, most] = FRESH;
    let mut words = control.into_iter().flat_map(|text| text.split(','));
    let mut time = USUAL;
    words.try_for_each(|word| {
        let word = word.trim().to_ascii_lowercase();
        if word == "no-store" || word == "no-cache" {
            time = least;
            return None;
        }
        if let Some(seconds) = word.strip_prefix("max-age=") {
            let seconds = seconds.trim_matches('"').parse();
            time = seconds.map_or(least, Duration::from_secs);
        }
        Some(())
    });
    time.clamp(least, most)
}

/// A client of its own for each time: it keeps nothing.
fn client() -> Result<Client, &'static str> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        .referer(false)
        .timeout(TIME)
        .user_agent(concat!("whatsapp-guard/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|_| "there is no way to make a secure connection")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_kept_as_long_as_their_server_says_within_bounds() {
        for (said, seconds) in [
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
            assert_eq!(fresh_for(said), Duration::from_secs(seconds), "{said:?}");
        }
    }
}

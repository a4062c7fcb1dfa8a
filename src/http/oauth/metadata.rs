//! The protected resource metadata (RFC 9728), from which clients learn where tokens
//! come from.

use serde_json::{Value, json};
use url::Url;

use crate::{
    http::PATH,
    policy::{OAuth, Policy},
};

/// The well-known path, before the path of the resource.
const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// The longest list of scopes in a header. The document always has all of them.
const MAX_SCOPE_BYTES: usize = 2048;

/// The document's URL, with the host name that clients use.
pub(super) fn url(oauth: &OAuth) -> Url {
    let mut url = oauth.audience.url.clone();
    url.set_path(&path(oauth));
    url
}

fn path(oauth: &OAuth) -> String {
    match oauth.audience.url.path() {
        "/" => WELL_KNOWN.to_owned(),
        resource => format!("{WELL_KNOWN}{resource}"),
    }
}

/// Whether the document is served at this path.
pub(super) fn is_served_at(oauth: &OAuth, requested: &str) -> bool {
    requested
        .strip_prefix(WELL_KNOWN)
        .is_some_and(|rest| rest.is_empty() || rest == PATH || requested == path(oauth))
}

/// The document.
pub(super) fn document(policy: &Policy, oauth: &OAuth) -> Value {
    json!({
        "resource": oauth.audience.text,
        "authorization_servers": [oauth.issuer.text],
        "scopes_supported": policy.scopes(),
        "bearer_methods_supported": ["header"],
        "resource_name": "whatsapp-guard",
    })
}

/// The scopes of all grants for a header. `None` if there are none or too many.
pub(super) fn scopes(policy: &Policy) -> Option<String> {
    let all: Vec<&str> = policy.scopes().into_iter().collect();
    let text = all.join(" ");
    (1..=MAX_SCOPE_BYTES).contains(&text.len()).then_some(text)
}

//! What clients are told of where tokens come from (RFC 9728).

use serde_json::{Value, json};
use url::Url;

use crate::{
    http::PATH,
    policy::{OAuth, Policy},
};

/// Where it is, before the path of what it is about.
const PLACE: &str = "/.well-known/oauth-protected-resource";

/// The longest list of scopes in a header; the whole list is in the document.
const LONGEST: usize = 2048;

/// The address of the document, as clients reach this server.
pub(super) fn address(oauth: &OAuth) -> Url {
    let mut url = oauth.audience.url.clone();
    url.set_path(&place(oauth));
    url
}

fn place(oauth: &OAuth) -> String {
    match oauth.audience.url.path() {
        "/" => PLACE.to_owned(),
        path => format!("{PLACE}{path}"),
    }
}

/// Whether the document is at this path.
pub(super) fn is_at(oauth: &OAuth, path: &str) -> bool {
    path.strip_prefix(PLACE)
        .is_some_and(|rest| rest.is_empty() || rest == PATH || path == place(oauth))
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

/// The scopes that let somebody in, for a header.
pub(super) fn scopes(policy: &Policy) -> Option<String> {
    let all: Vec<&str> = policy.scopes().into_iter().collect();
    let text = all.join(" ");
    (!text.is_empty() && text.len() <= LONGEST).then_some(text)
}

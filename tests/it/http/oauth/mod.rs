//! Tokens of an authorization server.

mod document;
mod issuer;
mod keys;
mod refused;
mod scopes;
mod secrecy;

use super::*;
use issuer::{AUDIENCE, Issuer, Key, encode};

/// The challenges' end, wherever there is an authorization server.
const WHERE: &str = "scope=\"wg:family wg:home wg:read\", resource_metadata=\"https://wg.example.com/.well-known/oauth-protected-resource/mcp\"";

/// What comes of listing tools with a token: the status, and the challenge.
async fn knock(site: &Site, token: &str) -> (StatusCode, String) {
    let list = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": { "_meta": {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    } } });
    let request = site
        .post(token, None, &list)
        .header("mcp-protocol-version", "2026-07-28")
        .header("mcp-method", "tools/list");
    let response = request.send().await.unwrap();
    let challenge = response.headers().get("www-authenticate");
    let challenge = challenge.map(|value| value.to_str().unwrap().to_owned());
    (response.status(), challenge.unwrap_or_default())
}

fn invalid(reason: &str) -> (StatusCode, String) {
    let challenge = format!(
        "Bearer realm=\"whatsapp-guard\", error=\"invalid_token\", error_description=\"{reason}\", {WHERE}"
    );
    (StatusCode::UNAUTHORIZED, challenge)
}

//! Access tokens of an authorization server.

mod invalid_tokens;
mod issuer;
mod keys;
mod metadata;
mod scopes;
mod secrecy;

use super::*;
use issuer::{AUDIENCE, Issuer, Key, encode};

/// The end of each challenge when the policy has an authorization server.
const CHALLENGE_END: &str = "scope=\"wg:family wg:home wg:read\", resource_metadata=\"https://wg.example.com/.well-known/oauth-protected-resource/mcp\"";

/// Lists the tools with a token; returns the status and the challenge.
async fn try_token(site: &HttpServer, token: &str) -> (StatusCode, String) {
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

/// The response to an invalid token.
fn invalid(reason: &str) -> (StatusCode, String) {
    let challenge = format!(
        "Bearer realm=\"whatsapp-guard\", error=\"invalid_token\", error_description=\"{reason}\", {CHALLENGE_END}"
    );
    (StatusCode::UNAUTHORIZED, challenge)
}

//! Several accounts behind one server.

mod calls;
mod confirmation;
mod grants;
mod resources;

use serde_json::{Value, json};
use wiremock::MockServer;

use crate::app::{
    self, BOTH, Era, OPEN, Person, ServerBuilder, TestServer, code, error_code, policy, text, yes,
};

const CHAT: &str = "15552223333@c.us";
const FLATMATES: &str = "120363000000000002@g.us";

/// What the policies here say of the back ends counts for nothing but the names.
const THREE: &str = r#"
[accounts]
work = { backend = "sandbox" }
home = { backend = "sandbox" }
boss = { backend = "sandbox" }
[grants.alice]
accounts = ["work", "home"]
[grants.bob]
accounts = ["home"]
"#;

fn with(more: &str) -> String {
    format!("{OPEN}{more}{THREE}")
}

fn sandboxes() -> ServerBuilder {
    let named = ["work", "home", "boss"].map(|name| (name, app::sandbox_config()));
    app::accounts(&named).policy(&with("")).grant("alice")
}

async fn tools(app: &mut TestServer) -> Vec<Value> {
    let answer = app.request("tools/list", json!({})).await;
    answer["result"]["tools"].as_array().unwrap().clone()
}

/// Why a call could not be understood.
fn problem(result: &Value) -> &str {
    assert_eq!(code(result), "bad-arguments", "{result}");
    result["structuredContent"]["error"]["reason"]
        .as_str()
        .unwrap()
}

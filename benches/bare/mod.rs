//! The baseline: a minimal MCP server with the same call.

use std::sync::{Arc, OnceLock};

use reqwest::Client;
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, InitializeResult, ListToolsResult,
        PaginatedRequestParams, ServerCapabilities, Tool,
    },
    service::RequestContext,
};
use serde_json::{Map, Value};

/// A server with one tool, `get_session`, that returns the response of an API.
#[derive(Clone)]
pub struct Bare(Arc<Inner>);

struct Inner {
    url: String,
    client: OnceLock<Client>,
}

impl Bare {
    /// A server that requests `url`.
    pub fn new(url: String) -> Self {
        Self(Arc::new(Inner {
            url,
            client: OnceLock::new(),
        }))
    }

    /// The client, created at the first call with reqwest's defaults.
    fn client(&self) -> &Client {
        self.0.client.get_or_init(|| {
            let _ = rustls::crypto::ring::default_provider().install_default();
            Client::builder().no_proxy().build().unwrap()
        })
    }

    async fn get(&self) -> reqwest::Result<Value> {
        let response = self.client().get(&self.0.url).send().await?;
        response.error_for_status()?.json().await
    }
}

impl ServerHandler for Bare {
    fn get_info(&self) -> InitializeResult {
        InitializeResult::new(ServerCapabilities::builder().enable_tools().build())
    }

    async fn list_tools(
        &self,
        _page: Option<PaginatedRequestParams>,
        _cx: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let mut schema = Map::new();
        schema.insert("type".into(), "object".into());
        let tool = Tool::new("get_session", "Tell the session's state.", schema);
        Ok(ListToolsResult::with_all_items(vec![tool]))
    }

    async fn call_tool(
        &self,
        _request: CallToolRequestParams,
        _cx: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        match self.get().await {
            Ok(session) => Ok(CallToolResult::structured(session).into()),
            Err(error) => Err(ErrorData::internal_error(error.to_string(), None)),
        }
    }
}

//! A request that changes nothing, for each of the clients that send one.

use hyper::{
    Method, Request, Uri,
    header::{CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, USER_AGENT},
};
use reqwest::{Client, RequestBuilder};
use serde_json::Value;
use url::{Position, Url};

use crate::{net::AGENT, op::BackendError};

/// A request that changes nothing, so that it can be sent again.
pub(super) struct ReadRequest {
    url: Url,
    headers: HeaderMap,
    /// JSON. A request with it is a POST, one without it a GET.
    body: Option<String>,
}

impl ReadRequest {
    pub(super) fn get(url: Url) -> Self {
        Self {
            url,
            headers: HeaderMap::new(),
            body: None,
        }
    }

    /// A request whose arguments are its body.
    pub(super) fn post(url: Url, arguments: &Value) -> Self {
        let json = HeaderValue::from_static("application/json");
        Self {
            url,
            headers: HeaderMap::from_iter([(CONTENT_TYPE, json)]),
            body: Some(arguments.to_string()),
        }
    }

    pub(super) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    pub(super) fn for_any(&self, client: &Client) -> RequestBuilder {
        let request = client
            .request(self.method(), self.url.clone())
            .headers(self.headers.clone());
        match &self.body {
            Some(body) => request.body(body.clone()),
            None => request,
        }
    }

    /// The request as it is written to a connection to its server.
    ///
    /// # Errors
    /// Where the address cannot be written, which one that was parsed can.
    pub(super) fn for_connection(&self) -> Result<Request<String>, BackendError> {
        let path = Uri::try_from(&self.url[Position::BeforePath..Position::AfterQuery]);
        let host = HeaderValue::from_str(&self.url[Position::BeforeHost..Position::AfterPort]);
        let mut request = Request::new(self.body.clone().unwrap_or_default());
        *request.method_mut() = self.method();
        *request.uri_mut() = path.map_err(|error| BackendError::internal(&error))?;
        let headers = request.headers_mut();
        *headers = self.headers.clone();
        headers.insert(HOST, host.map_err(|error| BackendError::internal(&error))?);
        headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
        Ok(request)
    }

    fn method(&self) -> Method {
        match self.body {
            Some(_) => Method::POST,
            None => Method::GET,
        }
    }
}

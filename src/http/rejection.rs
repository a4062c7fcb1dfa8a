//! The response to a request that is not authenticated (RFC 6750).

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{
    oauth::{KEY_RETRY_INTERVAL, TokenError},
    reject,
};

/// Why a request is not authenticated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthError {
    /// There is no `Authorization` header, or it has another scheme than `Bearer`.
    MissingToken,
    /// The `Authorization` header is malformed, or there are several.
    MalformedHeader,
    /// No grant has the token, or the grant has expired.
    UnknownToken,
    /// The token of the authorization server is invalid.
    InvalidToken(TokenError),
    /// The token is valid, but none of its scopes belongs to a grant.
    NoGrant,
    /// The token is valid, but its scopes belong to several grants.
    SeveralGrants,
    /// The token cannot be verified without the issuer's keys.
    KeysUnavailable,
}

/// Where clients get a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// URL of the protected resource metadata (RFC 9728).
    pub metadata: String,
    /// The scopes of all grants, separated by spaces.
    pub scopes: Option<String>,
}

/// The response to a request that is not authenticated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthRejection {
    /// Why the request is rejected.
    pub error: AuthError,
    /// Where to get a token, if the policy has an authorization server.
    pub challenge: Option<Challenge>,
}

impl From<AuthError> for AuthRejection {
    fn from(error: AuthError) -> Self {
        Self {
            error,
            challenge: None,
        }
    }
}

impl AuthError {
    /// The label in the metrics, and the message, which is ASCII without quotes.
    pub(super) const fn parts(self) -> (&'static str, &'static str) {
        match self {
            Self::MissingToken => (
                "missing",
                "a token is required; send the header Authorization: Bearer TOKEN",
            ),
            Self::MalformedHeader => (
                "malformed",
                "the Authorization header is malformed; send one header Authorization: Bearer TOKEN",
            ),
            Self::UnknownToken => (
                "unknown",
                "the token is unknown or has expired; ask the operator for a new one",
            ),
            Self::InvalidToken(error) => error.parts(),
            Self::NoGrant => (
                "scope",
                "no scope of the token belongs to a grant; request the scopes of one grant",
            ),
            Self::SeveralGrants => (
                "scopes",
                "the scopes of the token belong to several grants; request the scopes of one grant",
            ),
            Self::KeysUnavailable => (
                "keys-unavailable",
                "the token cannot be verified because its issuer's keys cannot be fetched; try again later",
            ),
        }
    }

    /// The status, and the error code of RFC 6750.
    const fn status(self) -> (StatusCode, Option<&'static str>) {
        match self {
            Self::MissingToken => (StatusCode::UNAUTHORIZED, None),
            Self::MalformedHeader => (StatusCode::BAD_REQUEST, Some("invalid_request")),
            Self::UnknownToken | Self::InvalidToken(_) => {
                (StatusCode::UNAUTHORIZED, Some("invalid_token"))
            }
            Self::NoGrant | Self::SeveralGrants => {
                (StatusCode::FORBIDDEN, Some("insufficient_scope"))
            }
            Self::KeysUnavailable => (StatusCode::SERVICE_UNAVAILABLE, None),
        }
    }
}

impl IntoResponse for AuthRejection {
    fn into_response(self) -> Response {
        let (_, message) = self.error.parts();
        let (status, error) = self.error.status();
        let mut response = reject(status, message);
        let headers = response.headers_mut();
        if self.error == AuthError::KeysUnavailable {
            headers.insert(header::RETRY_AFTER, KEY_RETRY_INTERVAL.as_secs().into());
            return response;
        }
        let mut text = String::from("Bearer realm=\"whatsapp-guard\"");
        let mut add = |name: &str, value: &str| text += &format!(", {name}=\"{value}\"");
        if let Some(error) = error {
            add("error", error);
        }
        if let Some(challenge) = &self.challenge {
            if error.is_some() {
                add("error_description", message);
            }
            if let Some(scopes) = &challenge.scopes {
                add("scope", scopes);
            }
            add("resource_metadata", &challenge.metadata);
        }
        // The text is ASCII: a policy accepts nothing else in addresses and scopes.
        let value = HeaderValue::from_str(&text);
        let value = value.unwrap_or(HeaderValue::from_static("Bearer"));
        headers.insert(header::WWW_AUTHENTICATE, value);
        response
    }
}

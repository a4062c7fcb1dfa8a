//! What is said to who has no token, or one that is not good for this.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{
    oauth::{RETRY, Unfit},
    refuse,
};

/// Why somebody is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// There is no token.
    Missing,
    /// The header cannot be read.
    Malformed,
    /// It is nobody's, or no longer anybody's.
    Unknown,
    /// It is no good token of the authorization server.
    Unfit(Unfit),
    /// It is good, and its scopes lead to no grant.
    Scope,
    /// It is good, and its scopes lead to several grants.
    Scopes,
    /// Nobody can say, since the authorization server does not answer.
    Unavailable,
}

/// Where tokens come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// Where clients read more of it.
    pub metadata: String,
    /// The scopes that let somebody in.
    pub scopes: Option<String>,
}

/// An answer to who is not let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub refused: Refused,
    /// Where to get a token.
    pub challenge: Option<Challenge>,
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        Self {
            refused,
            challenge: None,
        }
    }
}

impl Refused {
    /// Its name in the metrics.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Malformed => "malformed",
            Self::Unknown => "unknown",
            Self::Unfit(unfit) => unfit.name(),
            Self::Scope => "scope",
            Self::Scopes => "scopes",
            Self::Unavailable => "keys-unavailable",
        }
    }

    /// The status, the error of RFC 6750, and what is wrong, for people.
    const fn parts(self) -> (StatusCode, Option<&'static str>, &'static str) {
        match self {
            Self::Missing => (
                StatusCode::UNAUTHORIZED,
                None,
                "a token is needed: Authorization: Bearer …",
            ),
            Self::Malformed => (
                StatusCode::BAD_REQUEST,
                Some("invalid_request"),
                "the Authorization header cannot be read; it takes: Bearer …",
            ),
            Self::Unknown => (
                StatusCode::UNAUTHORIZED,
                Some("invalid_token"),
                "the token is not known, or is over",
            ),
            Self::Unfit(unfit) => (
                StatusCode::UNAUTHORIZED,
                Some("invalid_token"),
                unfit.words(),
            ),
            Self::Scope => (
                StatusCode::FORBIDDEN,
                Some("insufficient_scope"),
                "the token has none of the scopes that lead to a grant",
            ),
            Self::Scopes => (
                StatusCode::FORBIDDEN,
                Some("insufficient_scope"),
                "the token has scopes of several grants; ask for those of one",
            ),
            Self::Unavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                None,
                "the authorization server does not answer, so the token cannot be checked; try again later",
            ),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, error, reason) = self.refused.parts();
        let mut response = refuse(status, reason);
        let headers = response.headers_mut();
        if self.refused == Refused::Unavailable {
            headers.insert(header::RETRY_AFTER, RETRY.as_secs().into());
            return response;
        }
        let mut text = String::from("Bearer realm=\"whatsapp-guard\"");
        let mut say = |name: &str, value: &str| text += &format!(", {name}=\"{value}\"");
        if let Some(error) = error {
            say("error", error);
        }
        if let Some(challenge) = &self.challenge {
            if error.is_some() && reason.is_ascii() {
                say("error_description", reason);
            }
            if let Some(scopes) = &challenge.scopes {
                say("scope", scopes);
            }
            say("resource_metadata", &challenge.metadata);
        }
        // It is ASCII: a policy takes nothing else into addresses and scopes.
        let value = HeaderValue::from_str(&text);
        let value = value.unwrap_or(HeaderValue::from_static("Bearer"));
        headers.insert(header::WWW_AUTHENTICATE, value);
        response
    }
}

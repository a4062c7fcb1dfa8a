//! Which part of a list is asked for.

use axum::extract::RawQuery;
use url::form_urlencoded;

/// A part of a chat's messages, as WAHA is asked for it.
pub(super) struct Window {
    pub(super) limit: usize,
    pub(super) offset: usize,
    pub(super) ascending: bool,
    /// Whether files are downloaded, and their addresses told.
    pub(super) media: bool,
    since: Option<i64>,
    until: Option<i64>,
    from_me: Option<bool>,
}

impl From<RawQuery> for Window {
    fn from(RawQuery(query): RawQuery) -> Self {
        let mut window = Self {
            limit: 10,
            offset: 0,
            ascending: false,
            media: true,
            since: None,
            until: None,
            from_me: None,
        };
        for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            match &*name {
                "limit" => window.limit = value.parse().unwrap_or(window.limit),
                "offset" => window.offset = value.parse().unwrap_or(0),
                "sortOrder" => window.ascending = value == "asc",
                "downloadMedia" => window.media = value != "false",
                "filter.timestamp.gte" => window.since = value.parse().ok(),
                "filter.timestamp.lte" => window.until = value.parse().ok(),
                "filter.fromMe" => window.from_me = value.parse().ok(),
                _ => {}
            }
        }
        window
    }
}

impl Window {
    /// Whether a message of this time and writer is asked for.
    pub(super) fn holds(&self, timestamp: i64, mine: bool) -> bool {
        self.since.is_none_or(|since| timestamp >= since)
            && self.until.is_none_or(|until| timestamp <= until)
            && self.from_me.is_none_or(|wanted| wanted == mine)
    }
}

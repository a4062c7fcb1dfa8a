//! `[oauth]`: the authorization server, and the scopes that lead from its tokens to grants.

use super::{Draft, keys::OAUTH, reader::Reader};
use crate::policy::{
    Diagnostic,
    oauth::{Address, Algorithm, OAuth},
    raw::{Key, Node, Span},
};

/// The most scopes of a grant.
const MOST_SCOPES: usize = 32;

const ADDRESS: &str =
    "an address with https:// (http:// on this machine alone), without user, query and fragment";

/// An authorization server, and where it stands in its file.
pub(super) type DraftedOAuth = (OAuth, Span);

/// Which scopes are there for no authorization server, and the other way round.
pub(super) fn unmet(drafts: &[Draft]) -> Vec<(usize, Diagnostic)> {
    let said = drafts.iter().any(|draft| draft.oauth.is_some());
    let scopes = || {
        let files = drafts.iter().enumerate();
        files.flat_map(|(index, draft)| {
            let grants = draft.grants.iter();
            grants.filter_map(move |grant| Some((index, grant.scopes_at.clone()?)))
        })
    };
    let odd = |span, message: &str, hint: &str| {
        Diagnostic::warning("rule-without-effect", span, message.to_owned()).hint(hint)
    };
    if !said {
        let message = "nobody comes with a scope, since no authorization server is named";
        return scopes()
            .map(|(index, span)| (index, odd(span, message, "write [oauth]")))
            .collect();
    }
    if scopes().next().is_some() {
        return Vec::new();
    }
    let message = "no grant has `scopes`, so its tokens let nobody in";
    let hint = "write [grants.NAME] scopes = [\"…\"]";
    let files = drafts.iter().enumerate();
    files
        .filter_map(|(index, draft)| {
            let (_, span) = draft.oauth.as_ref()?;
            Some((index, odd(span.clone(), message, hint)))
        })
        .collect()
}

impl Reader<'_> {
    /// The scopes that lead to a grant, and to no other.
    pub(super) fn scopes(&mut self, node: &Node, grant: &str) -> Vec<String> {
        let items = self.list(node, "a list of scopes");
        let mut scopes = Vec::new();
        if items.len() > MOST_SCOPES {
            let message = format!("a grant has at most {MOST_SCOPES} scopes");
            self.found
                .push(Diagnostic::error("bad-value", node.span.clone(), message));
        }
        for item in items.iter().take(MOST_SCOPES) {
            let Some(scope) = self.text(item) else {
                continue;
            };
            let fits = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\');
            if scope.is_empty() || scope.len() > 128 || !scope.bytes().all(fits) {
                let message = "this is no scope";
                let hint = "a scope has 1 to 128 letters, digits or signs of ASCII, without spaces, quotes and backslashes";
                self.wrong(&item.span, "bad-value", message, hint);
                continue;
            }
            let owner = self.common.scopes.entry(scope.clone());
            let owner = owner.or_insert_with(|| grant.to_owned()).clone();
            if owner != grant {
                let message = format!("the scope `{scope}` leads to `[grants.{owner}]` already");
                let hint = "a token has one grant: take the scope out of one of them";
                self.wrong(&item.span, "scope-twice", &message, hint);
                continue;
            }
            scopes.push(scope);
        }
        scopes
    }

    /// The authorization server; there is one at most.
    pub(super) fn oauth(&mut self, key: &Key, node: &Node) -> Option<DraftedOAuth> {
        if std::mem::replace(&mut self.common.has_oauth, true) {
            let message = "another file of this policy has `oauth` too";
            let hint = "a server takes the tokens of one issuer";
            self.wrong(&key.span, "oauth-twice", message, hint);
        }
        let fields = self.table(node, "`oauth`", &OAUTH)?;
        let issuer = self.required(&fields, node, "issuer");
        let issuer = issuer.and_then(|node| self.address(node));
        let audience = self.required(&fields, node, "audience");
        let audience = audience.and_then(|node| self.address(node));
        let jwks_uri = match fields.get("jwks_uri") {
            Some((_, node)) => {
                let text = self.text(node)?;
                let found = Address::with_query(&text);
                if found.is_none() {
                    self.kind(node, ADDRESS);
                }
                Some(found?)
            }
            None => None,
        };
        let algorithms = match fields.get("algorithms") {
            Some((_, node)) => self.algorithms(node)?,
            None => Algorithm::NAMES.map(|(_, algorithm)| algorithm).to_vec(),
        };
        let oauth = OAuth {
            issuer: issuer?,
            audience: audience?,
            jwks_uri,
            algorithms,
            rule: self.place(&key.span, "oauth"),
        };
        Some((oauth, key.span.clone()))
    }

    fn address(&mut self, node: &Node) -> Option<Address> {
        let text = self.text(node)?;
        let found = Address::new(&text);
        if found.is_none() {
            self.kind(node, ADDRESS);
        }
        found
    }

    fn algorithms(&mut self, node: &Node) -> Option<Vec<Algorithm>> {
        let items = self.list(node, "a list of algorithms");
        if items.is_empty() {
            self.kind(node, "at least one algorithm, such as [\"RS256\"]");
            return None;
        }
        let names = Algorithm::NAMES.map(|(name, _)| name);
        let words = items.iter().filter_map(|item| self.word(item, &names));
        Some(words.filter_map(Algorithm::named).collect())
    }
}

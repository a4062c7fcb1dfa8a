//! `[oauth]`, and the scopes that lead from its tokens to grants.

use super::{ParsedFile, keys::OAUTH, reader::Reader};
use crate::policy::{
    Diagnostic,
    document::{Node, Span},
    oauth::{Address, Algorithm, OAuth},
};

/// The most scopes of a grant.
const MAX_SCOPES: usize = 32;

const ADDRESS: &str =
    "an https:// address without user and fragment (http:// only for this machine)";

/// An authorization server, and where its file names it.
pub(super) type ParsedOAuth = (OAuth, Span);

/// Warnings about scopes without an authorization server, or a server without scopes; each
/// with the index of its file.
pub(super) fn unused(files: &[ParsedFile]) -> Vec<(usize, Diagnostic)> {
    let servers = files
        .iter()
        .map(|file| file.oauth.iter().map(|(_, span)| span).collect());
    let servers: Vec<Vec<&Span>> = servers.collect();
    let scopes = files.iter().map(|file| {
        let grants = file.grants.iter();
        grants
            .filter_map(|grant| grant.scopes_span.as_ref())
            .collect()
    });
    let scopes: Vec<Vec<&Span>> = scopes.collect();
    let all_empty = |spans: &[Vec<&Span>]| spans.iter().all(Vec::is_empty);
    let (found, message, hint) = match (all_empty(&servers), all_empty(&scopes)) {
        (true, false) => (
            scopes,
            "no caller can have a scope, since the policy has no [oauth]",
            "write [oauth]",
        ),
        (false, true) => (
            servers,
            "tokens of this server give access to nothing, since no grant has `scopes`",
            "write [grants.NAME] scopes = [\"…\"]",
        ),
        _ => return Vec::new(),
    };
    let found = found.into_iter().enumerate();
    let found = found.flat_map(|(index, spans)| spans.into_iter().map(move |span| (index, span)));
    let warning = |span: &Span| {
        Diagnostic::warning("rule-without-effect", span.clone(), message.to_owned()).hint(hint)
    };
    found.map(|(index, span)| (index, warning(span))).collect()
}

impl Reader<'_> {
    /// The scopes that stand for a grant; each stands for one grant only.
    pub(super) fn scopes(&mut self, node: &Node, grant: &str) -> Vec<String> {
        let items = self.list(node, "a list of scopes");
        let mut scopes = Vec::new();
        if items.len() > MAX_SCOPES {
            let message = format!(
                "a grant has at most {MAX_SCOPES} scopes, got {}",
                items.len()
            );
            self.error(&node.span, "bad-value", message);
        }
        for item in items.iter().take(MAX_SCOPES) {
            let fits = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\');
            let is_scope = |text: &&str| (1..=128).contains(&text.len()) && text.bytes().all(fits);
            let Some(scope) = item.text().filter(is_scope) else {
                let allowed = "1 to 128 ASCII characters without spaces, quotes and backslashes";
                self.invalid::<()>(item, allowed);
                continue;
            };
            let owner = self.common.scopes.entry(scope.to_owned());
            let owner = owner.or_insert_with(|| grant.to_owned()).clone();
            if owner != grant {
                let message = format!("the scope `{scope}` already stands for `[grants.{owner}]`");
                let hint = "a token has one grant: remove the scope from one of them";
                self.wrong(&item.span, "scope-twice", &message, hint);
                continue;
            }
            scopes.push(scope.to_owned());
        }
        scopes
    }

    /// The authorization server; a policy has at most one.
    pub(super) fn oauth(&mut self, node: &Node) -> Option<ParsedOAuth> {
        if std::mem::replace(&mut self.common.has_oauth, true) {
            let message = "another file of this policy also has [oauth]";
            let hint = "a server accepts the tokens of one issuer: remove one of them";
            self.wrong(&node.key_span, "oauth-twice", message, hint);
        }
        let fields = self.table(node, &OAUTH)?;
        let [issuer, audience] = ["issuer", "audience"].map(|key| {
            let node = self.required(&fields, node, key)?;
            self.address(node, Address::new)
        });
        let jwks_uri = match fields.get("jwks_uri") {
            Some(node) => Some(self.address(node, Address::with_query)?),
            None => None,
        };
        let names = Algorithm::NAMES;
        let algorithms = match fields.get("algorithms") {
            Some(node) => {
                let items = self.list(node, "a list of algorithms");
                if items.is_empty() {
                    return self.invalid(node, "at least one algorithm, such as [\"RS256\"]");
                }
                items
                    .iter()
                    .filter_map(|item| self.choice(item, names))
                    .collect()
            }
            None => names.map(|(_, algorithm)| algorithm).to_vec(),
        };
        let oauth = OAuth {
            issuer: issuer?,
            audience: audience?,
            jwks_uri,
            algorithms,
            rule: self.place(&node.key_span, "oauth"),
        };
        Some((oauth, node.key_span.clone()))
    }

    fn address(&mut self, node: &Node, read: fn(&str) -> Option<Address>) -> Option<Address> {
        let found = node.text().and_then(read);
        found.or_else(|| self.invalid(node, ADDRESS))
    }
}

//! `[grants]`: what applies to single callers, and what they are identified by.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{
    keys::{GRANT, Key, LAYER},
    layer::ParsedLayer,
    reader::{Fields, Reader},
};
use crate::policy::{
    Token,
    document::{Node, Span},
};

/// The most grants of a policy.
const MAX_GRANTS: usize = 1000;

/// What one file says about one caller.
pub(super) struct ParsedGrant {
    pub(super) name: String,
    pub(super) span: Span,
    pub(super) layer: ParsedLayer,
    pub(super) token: Option<Token>,
    pub(super) scopes: Vec<String>,
    /// Where `scopes` is written.
    pub(super) scopes_span: Option<Span>,
    pub(super) accounts: Option<BTreeSet<String>>,
}

impl Reader<'_> {
    /// Reads the grants of a file; `outer` is what the file says for everybody.
    pub(super) fn grants(&mut self, node: &Node, outer: &ParsedLayer) -> Vec<ParsedGrant> {
        let entries = self.entries(node, "a table of grants");
        if let Some(node) = entries.get(MAX_GRANTS) {
            let message = format!(
                "a policy has at most {MAX_GRANTS} grants, got {}",
                entries.len()
            );
            self.error(&node.key_span, "bad-value", message);
        }
        let keys: Vec<Key> = LAYER.into_iter().chain(GRANT).collect();
        let mut grants = Vec::new();
        for node in entries.iter().take(MAX_GRANTS) {
            let path = format!("grants.{}", node.key);
            let Some(fields) = self.table(node, &keys) else {
                continue;
            };
            let token = self.token(&fields, &path);
            let scopes = fields
                .get("scopes")
                .map(|list| self.scopes(list, &node.key));
            let accounts = self.accounts_of_grant(&fields);
            let before = self.prefix.clone();
            self.prefix = format!("{before}{path}.");
            let layer = self.layer(&fields, None, None);
            self.lint_widening(&layer, outer);
            self.prefix = before;
            grants.push(ParsedGrant {
                name: node.key.to_string(),
                span: node.key_span.clone(),
                layer,
                token,
                scopes: scopes.unwrap_or_default(),
                scopes_span: fields.get("scopes").map(|node| node.key_span.clone()),
                accounts,
            });
        }
        grants
    }

    /// The digest of a grant's token.
    fn token(&mut self, fields: &Fields<'_>, path: &str) -> Option<Token> {
        let expires = match fields.get("expires") {
            Some(node) => {
                let time = node.text().and_then(|text| text.parse::<Timestamp>().ok());
                time.or_else(|| self.invalid(node, "a time such as \"2027-01-31T00:00:00Z\""))
            }
            None => None,
        };
        let node = fields.get("token_sha256")?;
        let Some(sha256) = node.text().and_then(read_digest) else {
            // It may be the token itself.
            self.masked.push(node.span.clone());
            let message = format!(
                "token_sha256 must be a SHA-256 digest of 64 hexadecimal digits, got {}",
                self.shown(node)
            );
            let hint = "`whatsapp-guard grant new NAME` makes a token and prints its digest";
            self.wrong(&node.span, "bad-value", &message, hint);
            return None;
        };
        Some(Token {
            sha256,
            expires,
            rule: self.place(&node.key_span, &format!("{path}.token_sha256")),
        })
    }
}

/// Reads 64 hexadecimal digits.
fn read_digest(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * index..2 * index + 2)?, 16).ok()?;
    }
    Some(bytes)
}

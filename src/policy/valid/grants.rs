//! Single callers: what holds for them besides, and what they are known by.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{
    keys::{GRANT, SHEET},
    layer::Drafted,
    reader::{Fields, Reader},
};
use crate::policy::{
    Diagnostic, Token,
    raw::{Node, Raw, Span},
};

/// The most grants of a policy.
const MOST_GRANTS: usize = 1000;

/// What one file says of one caller.
pub(super) struct DraftedGrant {
    pub(super) name: String,
    pub(super) span: Span,
    pub(super) layer: Drafted,
    pub(super) token: Option<Token>,
    pub(super) scopes: Vec<String>,
    /// Where the scopes stand.
    pub(super) scopes_at: Option<Span>,
    pub(super) accounts: Option<BTreeSet<String>>,
}

impl Reader<'_> {
    /// What holds for single callers besides.
    pub(super) fn grants(&mut self, node: &Node, outer: &Drafted) -> Vec<DraftedGrant> {
        let Raw::Table(entries) = &node.value else {
            self.kind(node, "a table of grants");
            return Vec::new();
        };
        if let Some((key, _)) = entries.get(MOST_GRANTS) {
            let message = format!("a policy has at most {MOST_GRANTS} grants");
            self.found
                .push(Diagnostic::error("bad-value", key.span.clone(), message));
        }
        let mut grants = Vec::new();
        for (key, node) in entries.iter().take(MOST_GRANTS) {
            let path = format!("grants.{}", key.name);
            let keys: Vec<&'static str> = SHEET.into_iter().chain(GRANT).collect();
            let Some(fields) = self.table(node, &format!("`{path}`"), &keys) else {
                continue;
            };
            let token = self.token(&fields, &path);
            let scopes = match fields.get("scopes") {
                Some((_, node)) => self.scopes(node, &key.name),
                None => Vec::new(),
            };
            let accounts = self.tied(&fields);
            let before = self.prefix.clone();
            self.prefix = format!("{before}{path}.");
            let layer = self.layer(&fields, None, None);
            self.widening(&layer, outer);
            grants.push(DraftedGrant {
                name: key.name.clone(),
                span: key.span.clone(),
                layer,
                token,
                scopes,
                scopes_at: fields.get("scopes").map(|(key, _)| key.span.clone()),
                accounts,
            });
            self.prefix = before;
        }
        grants
    }

    /// A grant's token, as its digest.
    fn token(&mut self, fields: &Fields<'_>, path: &str) -> Option<Token> {
        let expires = match fields.get("expires") {
            Some((_, node)) => {
                let text = self.text(node)?;
                let time = text.parse::<Timestamp>();
                if time.is_err() {
                    self.kind(node, "a time such as \"2027-01-31T00:00:00Z\"");
                }
                time.ok()
            }
            None => None,
        };
        let (key, node) = fields.get("token_sha256")?;
        let text = self.text(node)?;
        let Some(sha256) = hex(&text) else {
            self.wrong(
                &node.span,
                "bad-value",
                "this is no SHA-256 digest",
                "`whatsapp-guard grant new NAME` makes a token and writes its digest",
            );
            return None;
        };
        Some(Token {
            sha256,
            expires,
            rule: self.place(&key.span, &format!("{path}.token_sha256")),
        })
    }
}

/// 64 hexadecimal digits.
fn hex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * index..2 * index + 2)?, 16).ok()?;
    }
    Some(bytes)
}

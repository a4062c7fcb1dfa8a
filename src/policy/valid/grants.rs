//! Single callers: what holds for them besides, and what they are known by.

use jiff::Timestamp;

use super::{
    Draft,
    keys::{GRANT, OAUTH, SHEET},
    reader::{Fields, Reader},
    sheet::Drafted,
};
use crate::policy::{
    Diagnostic, Token,
    oauth::{Address, Algorithm, OAuth},
    raw::{Key, Node, Raw, Span},
};

/// The most grants of a policy.
const MOST_GRANTS: usize = 1000;

/// The most scopes of a grant.
const MOST_SCOPES: usize = 32;

const ADDRESS: &str =
    "an address with https:// (http:// on this machine alone), without user, query and fragment";

/// What one file says of one caller.
pub(super) struct DraftedGrant {
    pub(super) name: String,
    pub(super) sheet: Drafted,
    pub(super) token: Option<Token>,
    pub(super) scopes: Vec<String>,
    /// Where the scopes stand.
    scopes_at: Option<Span>,
}

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
            let before = self.prefix.clone();
            self.prefix = format!("{before}{path}.");
            let sheet = self.sheet(&fields, None, None);
            self.widening(&sheet, outer);
            grants.push(DraftedGrant {
                name: key.name.clone(),
                sheet,
                token,
                scopes,
                scopes_at: fields.get("scopes").map(|(key, _)| key.span.clone()),
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

    /// The scopes that lead to a grant, and to no other.
    fn scopes(&mut self, node: &Node, grant: &str) -> Vec<String> {
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

/// 64 hexadecimal digits.
fn hex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * index..2 * index + 2)?, 16).ok()?;
    }
    Some(bytes)
}

//! `[accounts]`, and the accounts that a grant is tied to.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Draft, keys,
    reader::{Fields, Reader},
};
use crate::{
    config::{AccountKey, AccountSpec, BackendSpec, ConfigKey},
    policy::{
        Accounts, Diagnostic,
        raw::{Key, Node, Raw, Span},
        source::Source,
    },
    text::nearest,
};

/// The most accounts of a policy.
const MOST: usize = 32;

/// Keys that somebody may write a secret under, besides those of the back ends.
const SECRETS: [&str; 6] = ["apikey", "key", "password", "pass", "secret", "token"];

impl Reader<'_> {
    /// Reads the accounts; an included file has none, so that none comes by a file that
    /// should only tighten.
    pub(super) fn accounts(&mut self, key: &Span, node: &Node, first: bool) {
        if !first {
            let (message, hint) = (
                "a file that is included cannot name accounts",
                "write them in the first file",
            );
            return self.wrong(key, "misplaced-accounts", message, hint);
        }
        let Raw::Table(entries) = &node.value else {
            return self.kind(node, "a table of accounts");
        };
        if entries.is_empty() || entries.len() > MOST {
            let message = format!("a policy that names accounts has 1 to {MOST}");
            self.found
                .push(Diagnostic::error("bad-value", key.clone(), message));
        }
        let mut known: BTreeMap<String, String> = BTreeMap::new();
        for (key, node) in entries.iter().take(MOST) {
            let Some((account, whole)) = self.account(key, node) else {
                continue;
            };
            if let Some(whole) = whole {
                if let Some(other) = known.get(&whole) {
                    let message = format!("`{}` and `{other}` are the same account", key.name);
                    let hint = "take one of them out: what is limited would be counted twice";
                    self.wrong(&key.span, "same-account", &message, hint);
                }
                known.insert(whole, key.name.clone());
            }
            self.common.accounts.insert(key.name.clone(), account);
        }
    }

    fn account(&mut self, key: &Key, node: &Node) -> Option<(AccountSpec, Option<String>)> {
        let path = format!("accounts.{}", key.name);
        self.cover(node);
        let name = &key.name;
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        if !(1..=32).contains(&name.len()) || !name.chars().all(fits) {
            let message = "this cannot be the name of an account";
            let hint = "take 1 to 32 letters, digits, `_` or `-`";
            self.wrong(&key.span, "bad-value", message, hint);
        }
        self.secrets(node);
        let backends = self.common.backends;
        let fields = self.table(node, &format!("`{path}`"), &keys::account(backends))?;
        let backend = self.required(&fields, node, "backend")?;
        let names: Vec<_> = backends.iter().map(|spec| spec.name).collect();
        let word = self.word(backend, &names)?;
        let spec = backends.iter().find(|spec| spec.name == word)?;
        let values = self.values(&fields, spec)?;
        let account = AccountSpec::new(spec, values);
        match account.check() {
            Ok(identity) => Some((account, identity.map(|identity| identity.whole))),
            Err(wrong) => {
                let place = fields
                    .get(wrong.key)
                    .map_or(&key.span, |(_, node)| &node.span);
                let message = format!("`{path}.{}` {}", wrong.key, wrong.problem);
                let found = if wrong.missing {
                    Diagnostic::error("missing-key", place.clone(), message)
                        .hint(format!("write {} = \"…\"", wrong.key))
                } else {
                    Diagnostic::error("bad-value", place.clone(), message)
                };
                self.found.push(found);
                None
            }
        }
    }

    /// The values for a back end; complains of keys that it does not take.
    fn values(
        &mut self,
        fields: &Fields<'_>,
        spec: &'static BackendSpec,
    ) -> Option<BTreeMap<&'static str, String>> {
        let taken: Vec<_> = spec.account_keys().collect();
        let mut values = BTreeMap::new();
        let mut whole = true;
        for name in keys::account(self.common.backends).into_iter().skip(1) {
            let Some((key, node)) = fields.get(name) else {
                continue;
            };
            if !taken.contains(&name) {
                let message = format!("{} has no use for `{name}`", spec.name);
                let hint = match taken.is_empty() {
                    true => "it takes nothing but `backend`".to_owned(),
                    false => format!("it takes {}", taken.join(", ")),
                };
                self.wrong(&key.span, "unknown-key", &message, &hint);
                whole = false;
                continue;
            }
            match self.text(node) {
                Some(text) if !text.trim().is_empty() => {
                    values.insert(name, text);
                }
                Some(_) => {
                    self.kind(node, "text that is not empty");
                    whole = false;
                }
                None => whole = false,
            }
        }
        whole.then_some(values)
    }

    /// Complains of secrets; a policy is read, copied and shown.
    fn secrets(&mut self, node: &Node) {
        let Raw::Table(entries) = &node.value else {
            return;
        };
        let (mut files, mut variables) = (Vec::new(), Vec::new());
        for spec in self.common.backends {
            for key in spec.keys {
                if let AccountKey::Secret { file, variable } = key.account_key {
                    files.push(format!("{file} ({})", spec.title));
                    variables.push(variable);
                }
            }
        }
        let stems: Vec<_> = variables
            .iter()
            .filter_map(|key| key.strip_suffix("_env"))
            .collect();
        for (key, _) in entries {
            let name = key.name.to_lowercase().replace('-', "_");
            if SECRETS.contains(&name.as_str()) || stems.contains(&name.as_str()) {
                let hint = format!(
                    "write the path of a file that holds it, {}, or the name of a variable, {}",
                    files.join(" or "),
                    variables.join(" or ")
                );
                let message = "a secret has no place in a policy file";
                self.wrong(&key.span, "secret-in-file", message, &hint);
            }
        }
    }

    /// Keeps what may be a secret out of messages that quote the file.
    fn cover(&mut self, node: &Node) {
        let Raw::Table(entries) = &node.value else {
            self.covered.push(node.span.clone());
            return;
        };
        let keys = || self.common.backends.iter().flat_map(|spec| spec.keys);
        for (key, node) in entries {
            let text = match &node.value {
                Raw::Text(text) => text.as_str(),
                _ => "",
            };
            let name = key.name.as_str();
            // An address may have a password in it.
            let is_value = |key: &ConfigKey| matches!(key.account_key, AccountKey::Value(value) if value == name);
            let harmless = name == "backend"
                || name.ends_with("_file") && text.starts_with('/')
                || keys().any(is_value) && !text.contains(['@', '?', '#']);
            if !harmless {
                self.covered.push(node.span.clone());
            }
        }
    }

    /// The accounts that a grant may use, by what it says itself.
    pub(super) fn tied(&mut self, fields: &Fields<'_>) -> Option<BTreeSet<String>> {
        let (_, node) = fields.get("accounts")?;
        let mut names = BTreeSet::new();
        let items = self.list(node, "a list of accounts");
        if items.is_empty() && matches!(node.value, Raw::List(_)) {
            self.kind(node, "at least one account, or take the grant out");
        }
        for item in items {
            let Some(name) = self.text(item) else {
                continue;
            };
            if !self.common.accounts.contains_key(&name) {
                let known = || self.common.accounts.keys().map(String::as_str);
                let hint = match nearest(&name, known()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None if known().next().is_none() => {
                        "the policy has no [accounts]; the environment names the only one"
                            .to_owned()
                    }
                    None => format!("there are: {}", known().collect::<Vec<_>>().join(", ")),
                };
                let message = format!("there is no account `{name}`");
                self.wrong(&item.span, "unknown-account", &message, &hint);
            }
            names.insert(name);
        }
        Some(names)
    }
}

/// Complains of grants that leave open which of several accounts they may use.
pub(super) fn untied(sources: &mut [Source], drafts: &[Draft], accounts: &Accounts) {
    if accounts.len() < 2 || sources.len() != drafts.len() {
        return;
    }
    let all = || drafts.iter().flat_map(|draft| &draft.grants);
    let mut seen = BTreeSet::new();
    for (source, draft) in sources.iter_mut().zip(drafts) {
        for grant in &draft.grants {
            let mut same = all().filter(|other| other.name == grant.name);
            if !seen.insert(&grant.name) || same.any(|other| other.accounts.is_some()) {
                continue;
            }
            let names: Vec<_> = accounts.keys().map(|name| format!("\"{name}\"")).collect();
            let message = format!("`grants.{}` says nothing of accounts", grant.name);
            let found = Diagnostic::error("missing-key", grant.span.clone(), message);
            let hint = format!(
                "write those that it may use: accounts = [{}]",
                names.join(", ")
            );
            source.problems.push(found.hint(hint));
        }
    }
}

/// Complains of accounts that are not those of the running server.
pub(super) fn unlike(source: &mut Source, accounts: &Accounts, in_force: &Accounts) {
    if accounts == in_force || source.is_wrong() {
        return;
    }
    let root = source.root.as_ref().map(|root| &root.value);
    let place = match root {
        Some(Raw::Table(entries)) => entries
            .iter()
            .find(|(key, _)| key.name == "accounts")
            .map_or(0..0, |(key, _)| key.span.clone()),
        _ => 0..0,
    };
    let message = "`accounts` is not what the running server began with".to_owned();
    let found = Diagnostic::error("accounts-changed", place, message);
    let hint =
        "restart the server, or write the accounts as they were: a running server keeps its own";
    source.problems.push(found.hint(hint));
}

//! `[accounts]`, and the accounts that grants may use.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    ParsedFile,
    grants::ParsedGrant,
    keys,
    reader::{Fields, Reader},
};
use crate::{
    config::{AccountKey, AccountSpec, BackendSpec, ConfigKey},
    policy::{
        Accounts, Diagnostic,
        document::{Node, NodeValue, Span, shorten},
        source::SourceFile,
    },
    text::nearest,
};

/// The most accounts of a policy.
const MAX_ACCOUNTS: usize = 32;

/// Keys that suggest that their value is a secret, besides those of the back ends.
const SECRETS: [&str; 6] = ["apikey", "key", "password", "pass", "secret", "token"];

/// The ranges of a file that hold values whose keys suggest a secret, wherever they stand.
pub(super) fn suspected_secrets(node: &Node) -> Vec<Span> {
    let name = node.key.to_lowercase().replace('-', "_");
    let last = name.rsplit('_').next().unwrap_or_default();
    match &node.value {
        NodeValue::Table(nodes) | NodeValue::List(nodes) => {
            nodes.iter().flat_map(suspected_secrets).collect()
        }
        _ if SECRETS.contains(&last) => vec![node.span.clone()],
        _ => Vec::new(),
    }
}

impl Reader<'_> {
    /// Reads the accounts of the first file. An included file cannot have any: it only
    /// restricts.
    pub(super) fn accounts(&mut self, node: &Node, first: bool) {
        if !first {
            let message = "an included file cannot have [accounts]";
            let hint = "write them in the first file";
            return self.wrong(&node.key_span, "misplaced-accounts", message, hint);
        }
        let entries = self.entries(node, "a table of accounts");
        if node.fields().is_some() && !(1..=MAX_ACCOUNTS).contains(&entries.len()) {
            let got = entries.len();
            let message = format!("a policy has 1 to {MAX_ACCOUNTS} accounts, got {got}");
            self.error(&node.key_span, "bad-value", message);
        }
        let mut known: BTreeMap<String, &str> = BTreeMap::new();
        for node in entries.iter().take(MAX_ACCOUNTS) {
            let Some((account, identity)) = self.account(node) else {
                continue;
            };
            let other = identity.and_then(|identity| known.insert(identity, &node.key));
            if let Some(other) = other {
                let message = format!("`{}` and `{other}` are the same account", node.key);
                let hint = "remove one of them: each would have limits of its own";
                self.wrong(&node.key_span, "same-account", &message, hint);
            }
            self.common.accounts.insert(node.key.to_string(), account);
        }
    }

    /// An account, and what identifies it at its back end.
    fn account(&mut self, node: &Node) -> Option<(AccountSpec, Option<String>)> {
        self.mask(node);
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        if !(1..=32).contains(&node.key.len()) || !node.key.chars().all(fits) {
            let name = shorten(&node.key);
            let message = format!("an account must not be named \"{name}\"");
            let hint = "a name has 1 to 32 letters, digits, `_` or `-`";
            self.wrong(&node.key_span, "bad-value", &message, hint);
        }
        self.lint_secrets(node);
        let backends = self.common.backends;
        let fields = self.table(node, &keys::account(backends))?;
        let backend = self.required(&fields, node, "backend")?;
        let names: Vec<_> = backends.iter().map(|spec| (spec.name, *spec)).collect();
        let spec = self.choice(backend, names)?;
        let account = AccountSpec::new(spec, self.settings(&fields, spec)?);
        match account.check() {
            Ok(identity) => Some((account, identity.map(|identity| identity.whole))),
            Err(wrong) => {
                let span = fields
                    .get(wrong.key)
                    .map_or(&node.key_span, |node| &node.span);
                let message = format!("`accounts.{}.{}` {}", node.key, wrong.key, wrong.problem);
                if wrong.missing {
                    let hint = format!("write {} = \"…\"", wrong.key);
                    self.wrong(span, "missing-key", &message, &hint);
                } else {
                    self.error(span, "bad-value", message);
                }
                None
            }
        }
    }

    /// The values for a back end; a key of another back end is an error.
    fn settings(
        &mut self,
        fields: &Fields<'_>,
        spec: &'static BackendSpec,
    ) -> Option<BTreeMap<&'static str, String>> {
        let accepted: Vec<_> = spec.account_keys().collect();
        let mut settings = BTreeMap::new();
        let mut complete = true;
        for name in keys::account(self.common.backends).into_iter().skip(1) {
            let Some(node) = fields.get(name) else {
                continue;
            };
            if !accepted.contains(&name) {
                let message = format!("{} does not use `{name}`", spec.name);
                let hint = match accepted.is_empty() {
                    true => "it takes only `backend`".to_owned(),
                    false => format!("it takes {}", accepted.join(", ")),
                };
                self.wrong(&node.key_span, "unknown-key", &message, &hint);
                complete = false;
                continue;
            }
            match node.text().filter(|text| !text.trim().is_empty()) {
                Some(text) => {
                    settings.insert(name, text.to_owned());
                }
                None => {
                    self.invalid::<()>(node, "text that is not empty");
                    complete = false;
                }
            }
        }
        complete.then_some(settings)
    }

    /// Rejects secrets, since policies are read, copied and shown.
    fn lint_secrets(&mut self, node: &Node) {
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
        for field in node.fields().unwrap_or_default() {
            let name = field.key.to_lowercase().replace('-', "_");
            if SECRETS.contains(&name.as_str()) || stems.contains(&name.as_str()) {
                let hint = format!(
                    "write the path of a file that holds it, {}, or the name of a variable, {}",
                    files.join(" or "),
                    variables.join(" or ")
                );
                let message = "a policy file must not hold a secret";
                self.wrong(&field.key_span, "secret-in-file", message, &hint);
            }
        }
    }

    /// Masks what may be a secret in all messages about the file.
    fn mask(&mut self, node: &Node) {
        let Some(fields) = node.fields() else {
            return self.masked.push(node.span.clone());
        };
        let backends = self.common.backends;
        for field in fields {
            let (name, text) = (&*field.key, field.text().unwrap_or_default());
            // An address may have a password in it.
            let is_value = |key: &ConfigKey| matches!(key.account_key, AccountKey::Value(value) if value == name);
            let harmless = name == "backend"
                || name.ends_with("_file") && text.starts_with('/')
                || backends.iter().flat_map(|spec| spec.keys).any(is_value)
                    && !text.contains(['@', '?', '#']);
            if !harmless {
                self.masked.push(field.span.clone());
            }
        }
    }

    /// The accounts that a grant may use, if it says so.
    pub(super) fn accounts_of_grant(&mut self, fields: &Fields<'_>) -> Option<BTreeSet<String>> {
        let node = fields.get("accounts")?;
        let mut names = BTreeSet::new();
        let items = self.list(node, "a list of accounts");
        if items.is_empty() && matches!(node.value, NodeValue::List(_)) {
            let message = "accounts must name at least one account, got an empty list";
            let hint = "name one, or remove the grant";
            self.wrong(&node.span, "bad-value", message, hint);
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
                        "the policy has no [accounts]; the environment configures the only one"
                            .to_owned()
                    }
                    None => format!("accounts are {}", known().collect::<Vec<_>>().join(", ")),
                };
                let message = format!("there is no account `{name}`");
                self.wrong(&item.span, "unknown-account", &message, &hint);
            }
            names.insert(name);
        }
        Some(names)
    }
}

/// Errors about grants of a policy with several accounts that do not name theirs; each with
/// the index of its file.
pub(super) fn grants_without(
    files: &[ParsedFile],
    accounts: &Accounts,
) -> Vec<(usize, Diagnostic)> {
    if accounts.len() < 2 {
        return Vec::new();
    }
    let all = || {
        let files = files.iter().enumerate();
        files.flat_map(|(index, file)| file.grants.iter().map(move |grant| (index, grant)))
    };
    let named: BTreeSet<&String> = all()
        .filter(|(_, grant)| grant.accounts.is_some())
        .map(|(_, grant)| &grant.name)
        .collect();
    let names: Vec<_> = accounts.keys().map(|name| format!("\"{name}\"")).collect();
    let hint = format!(
        "write those that it may use: accounts = [{}]",
        names.join(", ")
    );
    let mut seen = named;
    let without = all().filter(|(_, grant)| seen.insert(&grant.name));
    let error = |grant: &ParsedGrant| {
        let message = format!("`grants.{}` needs `accounts`", grant.name);
        Diagnostic::error("missing-key", grant.span.clone(), message).hint(&hint)
    };
    without
        .map(|(index, grant)| (index, error(grant)))
        .collect()
}

/// Reports accounts other than those of the running server.
pub(super) fn check_unchanged(source: &mut SourceFile, accounts: &Accounts, in_force: &Accounts) {
    if accounts == in_force || source.has_errors() {
        return;
    }
    let node = source.root.as_ref().and_then(|root| root.get("accounts"));
    let span = node.map_or(0..0, |node| node.key_span.clone());
    let message = "`accounts` differs from the accounts of the running server".to_owned();
    let hint = "restart the server, or undo the change: a running server keeps its accounts";
    let found = Diagnostic::error("accounts-changed", span, message);
    source.problems.push(found.hint(hint));
}

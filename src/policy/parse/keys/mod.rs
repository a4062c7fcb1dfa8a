//! The table of policy keys: what each takes, its default and what it is for. The reader, its
//! hints, the check of the docs and the JSON Schema come from it.

mod file;
mod rule;
mod schema;
mod sections;

use crate::config::BackendSpecs;
use file::ACCOUNT;
pub(super) use file::{FILE, GRANT, LAYER, OAUTH};
pub(super) use rule::{EXAMPLES, LIMIT, PACE, RULE, RULES, WHEN};
pub use schema::schema;
pub(super) use sections::{
    ANSWERS, BUDGET, CHATS, CONFIRMATION, FLOW, HEALTH, HOURS, MAX_FILE_BYTES, MAX_MIN_ANSWER_MS,
    MEDIA, MODE, NEW, RATE, READ, RECIPIENTS,
};

/// A key of a table.
#[derive(Clone, Copy)]
pub(super) struct Key {
    pub(super) name: &'static str,
    takes: Takes,
    /// Whether its table has to have it.
    is_required: bool,
    /// The default, as JSON; none where there is none, or where words say what it is.
    default: Option<&'static str>,
    /// What it is for, a sentence. The section of the docs begins with it.
    about: &'static str,
}

/// The words that a key takes.
type Words = fn() -> Vec<&'static str>;

/// What a key takes.
#[derive(Clone, Copy)]
enum Takes {
    /// "1".
    Version,
    Text,
    /// A list of text.
    Texts,
    /// True or false.
    Flag,
    /// A whole number from 1.
    Count,
    /// A whole number from 0 to this.
    UpTo(u64),
    /// A time from a second to a day.
    Duration,
    /// A size in bytes.
    Size,
    /// 64 hexadecimal digits.
    Digest,
    /// One of these words.
    Word(Words),
    /// A list of these words.
    WordList(Words),
    /// A list of words for states of an account.
    States,
    /// Text, a number, true, false or a list of them.
    Operand,
    /// A list of tables with the arguments of calls.
    Calls,
    /// A table.
    Table(TableKeys),
    /// A list of tables.
    Tables(TableKeys),
    /// A table, or a list of them.
    OneOrMore(TableKeys),
    /// A table whose keys are names.
    Named(&'static Key, TableNames),
    /// An account: what its back end takes.
    Account,
}

/// The names that are keys of a table.
#[derive(Clone, Copy)]
enum TableNames {
    /// The writer's own.
    Any,
    /// These.
    Only(Words),
    /// These, and others that mean some of them.
    Known(Words),
}

/// The keys of a table.
#[derive(Clone, Copy)]
struct TableKeys {
    /// The name of the table in the schema.
    name: &'static str,
    keys: &'static [Key],
    /// Keys that are described with another table.
    more: &'static [Key],
}

const fn fields(name: &'static str, keys: &'static [Key]) -> TableKeys {
    let more = &[];
    TableKeys { name, keys, more }
}

/// A table whose keys are described elsewhere.
const fn like(name: &'static str, more: &'static [Key]) -> TableKeys {
    let keys = &[];
    TableKeys { name, keys, more }
}

/// Something that names a key of a table.
pub(super) trait KeyName: Copy {
    fn key_name(&self) -> &'static str;
}

impl KeyName for Key {
    fn key_name(&self) -> &'static str {
        self.name
    }
}

impl KeyName for &'static str {
    fn key_name(&self) -> &'static str {
        self
    }
}

impl Key {
    const fn new(name: &'static str, takes: Takes, about: &'static str) -> Self {
        Self {
            name,
            takes,
            is_required: false,
            default: None,
            about,
        }
    }

    const fn required(self) -> Self {
        Self {
            is_required: true,
            ..self
        }
    }

    /// With a default, as JSON.
    const fn or(self, default: &'static str) -> Self {
        Self {
            default: Some(default),
            ..self
        }
    }

    /// The keys of its table that are described with it.
    fn below(&self) -> &'static [Self] {
        match self.takes {
            Takes::Table(fields) | Takes::Tables(fields) | Takes::OneOrMore(fields) => fields.keys,
            Takes::Named(key, _) => std::slice::from_ref(key),
            _ => &[],
        }
    }
}

/// The keys of an account: its back end, and what one of the back ends takes.
pub(super) fn account(backends: BackendSpecs) -> Vec<&'static str> {
    let mut keys = vec!["backend"];
    for key in backends.iter().flat_map(|spec| spec.account_keys()) {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}

/// Every key by its dotted path, with what it is for; `NAME` and `CLASS` are the writer's own.
pub fn keys(backends: BackendSpecs) -> Vec<(String, &'static str)> {
    let mut found = Vec::new();
    collect("", &FILE, &mut found);
    collect("", &LAYER, &mut found);
    let of_accounts = account(backends).into_iter().map(|name| {
        let key = ACCOUNT.iter().find(|key| key.name == name);
        (
            format!("accounts.NAME.{name}"),
            key.map_or("", |key| key.about),
        )
    });
    found.extend(of_accounts);
    found
}

fn collect(path: &str, keys: &[Key], found: &mut Vec<(String, &'static str)>) {
    for key in keys {
        let own = format!("{path}{}", key.name);
        collect(&format!("{own}."), key.below(), found);
        found.push((own, key.about));
    }
}

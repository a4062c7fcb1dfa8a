//! What policies of PolicyLayer and Intercept mean to the programs that they are written
//! for, as a small evaluator that shares nothing with the import.

use serde_json::Value;
use whatsapp_guard::op;

/// What the other program does with a call, mildest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Original {
    Allows,
    Asks,
    Refuses,
}

/// A document of one of the formats.
pub struct Document<'d> {
    pub root: &'d Value,
    /// PolicyLayer refuses by default, Intercept allows.
    pub refuses_by_default: bool,
}

impl Document<'_> {
    /// The names under which the document may know a tool of ours: those that it has rules
    /// for, or else all.
    pub fn names(&self, tool: &str) -> Vec<String> {
        let entry = op::catalogue().iter().find(|entry| entry.name == tool);
        let all = entry.unwrap().known_as.iter().copied().chain([tool]);
        let all: Vec<String> = all.map(str::to_owned).collect();
        let named = all
            .iter()
            .filter(|name| self.root["tools"].get(name.as_str()).is_some());
        let named: Vec<String> = named.cloned().collect();
        if named.is_empty() { all } else { named }
    }

    /// What comes of a call of the tool that has this name.
    pub fn decide(&self, name: &str, arguments: &Value) -> Original {
        if self.hides(name) {
            return Original::Refuses;
        }
        let by_default = match self.root["default"].as_str() {
            Some(word) => word == "deny",
            None => self.refuses_by_default,
        };
        let admitted = self.root["tools"].get(name).is_some()
            || self.rules_for_all().any(|rule| rule["action"] == "allow");
        if by_default && !admitted {
            return Original::Refuses;
        }
        let rules = self.rules(name);
        rules
            .iter()
            .map(|rule| of_rule(rule, arguments))
            .max()
            .unwrap_or(Original::Allows)
    }

    /// How many calls the limits of a tool let pass at once; `None` for any number.
    pub fn at_once(&self, name: &str) -> Option<u64> {
        let rules = self.rules(name);
        let limits = rules.iter().flat_map(|rule| {
            let listed = rule["limits"].as_array().cloned().unwrap_or_default();
            let nested = rule["rules"].as_array().cloned().unwrap_or_default();
            let short = nested.into_iter().chain([(*rule).clone()]);
            let short = short.filter_map(|rule| {
                let text = rule["rate_limit"].as_str()?.to_owned();
                text.split('/').next()?.parse().ok()
            });
            let listed = listed.into_iter().filter_map(|limit| limit["max"].as_u64());
            listed.chain(short)
        });
        limits.min()
    }

    fn hides(&self, name: &str) -> bool {
        let hidden = self.root["hide"].as_array().into_iter().flatten();
        let mut hidden = hidden.filter_map(Value::as_str);
        hidden.any(|hidden| is_like(name, hidden))
    }

    fn rules_for_all(&self) -> impl Iterator<Item = &Value> {
        let all = [self.root.get("all_tools"), self.root["tools"].get("*")];
        all.into_iter().flatten()
    }

    /// The rules that apply to a tool: its own, those of patterns, and those for all.
    fn rules(&self, name: &str) -> Vec<&Value> {
        let tools = self.root["tools"].as_object().into_iter().flatten();
        let own = tools
            .filter(|(key, _)| is_like(name, key))
            .map(|(_, rule)| rule);
        own.chain(self.root.get("all_tools")).collect()
    }
}

fn of_rule(rule: &Value, arguments: &Value) -> Original {
    let list = |rule: &Value, key: &str| rule[key].as_array().cloned().unwrap_or_default();
    let meets = |condition: &Value| holds(condition, arguments);
    let mut nested = list(rule, "rules").into_iter();
    let refuses = rule["action"] == "deny"
        || !list(rule, "require").iter().all(meets)
        || list(rule, "deny_if").iter().any(meets)
        || nested
            .any(|rule| rule["action"] == "deny" || !list(&rule, "conditions").iter().all(meets));
    match (refuses, rule["action"] == "confirm") {
        (true, _) => Original::Refuses,
        (false, true) => Original::Asks,
        (false, false) => Original::Allows,
    }
}

/// Whether a condition holds. One about an argument that was omitted does not, unless it
/// asks for that.
fn holds(condition: &Value, arguments: &Value) -> bool {
    let path = condition["path"].as_str().unwrap();
    let given = &arguments[path.strip_prefix("args.").unwrap()];
    let wanted = &condition["value"];
    let is_given = !given.is_null() && given.as_array().is_none_or(|list| !list.is_empty());
    let among = || wanted.as_array().unwrap().contains(given);
    let order = |fits: fn(f64, f64) -> bool| matches!((given.as_f64(), wanted.as_f64()), (Some(given), Some(wanted)) if fits(given, wanted));
    let op = condition["op"].as_str().unwrap();
    if op == "exists" {
        return is_given == wanted.as_bool().unwrap();
    }
    is_given
        && match op {
            "eq" => given == wanted,
            "neq" => given != wanted,
            "in" => among(),
            "not_in" => !among(),
            "lt" => order(|given, wanted| given < wanted),
            "lte" => order(|given, wanted| given <= wanted),
            "gt" => order(|given, wanted| given > wanted),
            "gte" => order(|given, wanted| given >= wanted),
            "contains" => match given {
                Value::Array(entries) => entries.contains(wanted),
                given => given.as_str().unwrap().contains(wanted.as_str().unwrap()),
            },
            "regex" | "matches" => matches(wanted, given),
            "not_matches" => !matches(wanted, given),
            op => panic!("{op}"),
        }
}

/// Whether a text has a part that a pattern matches in Go.
type Matches = fn(&str) -> bool;

/// The patterns of the tests with what they match in Go.
pub const PATTERNS: [(&str, Matches); 6] = [
    (r"^[\w\s]+$", |text| {
        !text.is_empty()
            && text
                .chars()
                .all(|c| c == '_' || c.is_ascii_alphanumeric() || " \t\n\r\x0C".contains(c))
    }),
    (r"^\w+$", |text| {
        !text.is_empty() && text.chars().all(|c| c == '_' || c.is_ascii_alphanumeric())
    }),
    (r"\d", |text| text.contains(|c: char| c.is_ascii_digit())),
    (r"\W", |text| {
        text.contains(|c: char| c != '_' && !c.is_ascii_alphanumeric())
    }),
    (r"(?i)\biban\b", |text| {
        text.split(|c: char| c != '_' && !c.is_ascii_alphanumeric())
            .any(|word| word.eq_ignore_ascii_case("iban"))
    }),
    ("a&&b", |text| text.contains("a&&b")),
];

fn matches(pattern: &Value, text: &Value) -> bool {
    let known = PATTERNS.iter().find(|(known, _)| pattern == known);
    known.unwrap().1(text.as_str().unwrap())
}

/// Whether a name is the one that is written, in which `*` is any text.
fn is_like(name: &str, written: &str) -> bool {
    match written.split_once('*') {
        None => name == written,
        Some((start, rest)) => name.strip_prefix(start).is_some_and(|left| {
            (0..=left.len()).any(|at| left.is_char_boundary(at) && is_like(&left[at..], rest))
        }),
    }
}

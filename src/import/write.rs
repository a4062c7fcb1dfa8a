//! Writes a draft as TOML; every text of the source is escaped.

use std::fmt::Write;

use serde_json::Value;

use super::{
    draft::{Draft, ImportedCondition, ImportedLimit, ImportedRule},
    names::EVERY_TOOL,
};
use crate::{
    op::{self, Risk},
    policy::Action,
    text::per,
};

/// The longest text of the source in a comment or a message, in characters.
const MAX_SHOWN: usize = 80;

pub(super) fn toml(origin: &str, draft: &Draft) -> String {
    let mut out = format!("# Imported from {}.\n", shown(origin));
    if let Some(about) = &draft.about {
        line(&mut out, &format!("# {}", shown(about)));
    }
    line(&mut out, "version = \"1\"");
    line(&mut out, &format!("default = \"{}\"", draft.default.name()));
    if !draft.hide.is_empty() {
        line(&mut out, "hide = [");
        for (name, from) in &draft.hide {
            line(&mut out, &format!("  {}, # {}", quoted(name), shown(from)));
        }
        line(&mut out, "]");
    }
    if let Some(everyone) = &draft.everyone {
        rule(&mut out, EVERY_TOOL, everyone);
    }
    for (name, of_tool) in &draft.tools {
        rule(&mut out, name, of_tool);
    }
    for (name, of_tools) in &draft.patterns {
        rule(&mut out, name, of_tools);
    }
    out
}

fn rule(out: &mut String, name: &str, rule: &ImportedRule) {
    let mut rule = rule.clone();
    // Conditions of a rule that confirms or denies say when it applies. Those of the source
    // are requirements, so they need a rule that allows.
    let requirements = match rule.action {
        Action::Allow => None,
        Action::Confirm | Action::Deny => rule.take_requirements(),
    };
    match requirements {
        None => table(out, name, &rule, ["[", "]"]),
        Some(requirements) => {
            for rule in [&rule, &requirements] {
                table(out, name, rule, ["[[", "]]"]);
            }
        }
    }
}

fn table(out: &mut String, name: &str, rule: &ImportedRule, brackets: [&str; 2]) {
    line(out, "");
    for from in &rule.from {
        line(out, &format!("# {}", shown(from)));
    }
    let mut tools = op::catalogue().iter();
    if tools.any(|entry| entry.name == name && entry.risk == Risk::Destructive) {
        let note = "# Irreversible: hidden unless [confirmation] has enabled = true.";
        line(out, note);
    }
    let [open, close] = brackets;
    let (is_name, is_pattern) = (
        !name.contains('*'),
        name.contains('*') && name != EVERY_TOOL,
    );
    let key = match is_name {
        true => name.to_owned(),
        false => quoted(name),
    };
    line(out, &format!("{open}tools.{key}{close}"));
    // Without an action, a rule for many tools only restricts.
    let says_allow = is_name || (rule.says_action && !is_pattern);
    if says_allow || rule.action != Action::Allow {
        line(out, &format!("action = \"{}\"", rule.action.name()));
    }
    if let Some(reason) = &rule.reason {
        line(out, &format!("reason = {}", quoted(reason)));
    }
    if !rule.limits.is_empty() {
        line(out, "limits = [");
        rule.limits.iter().for_each(|item| limit(out, item));
        line(out, "]");
    }
    if !rule.when.is_empty() {
        line(out, "when = [");
        rule.when.iter().for_each(|item| when(out, item));
        line(out, "]");
    }
}

fn limit(out: &mut String, limit: &ImportedLimit) {
    line(out, &format!("  # {}", shown(&limit.from)));
    let window = match per(limit.window) {
        word if word.chars().all(char::is_alphabetic) => quoted(&word),
        _ => limit.window.as_secs().to_string(),
    };
    let (max, scope) = (limit.max, limit.scope.name());
    let mut text = format!("  {{ max = {max}, window = {window}, scope = \"{scope}\"");
    if let Some(burst) = limit.burst {
        // Writing to a String never fails.
        let _ = write!(text, ", burst = {burst}");
    }
    if let Some(counter) = &limit.counter {
        let _ = write!(text, ", counter = {}", quoted(counter));
    }
    line(out, &format!("{text} }},"));
}

fn when(out: &mut String, when: &ImportedCondition) {
    line(out, &format!("  # {}", shown(&when.from)));
    let mut text = format!(
        "  {{ arg = {}, op = \"{}\", value = {}",
        quoted(&when.arg),
        when.op,
        value(&when.value)
    );
    if let Some(reason) = &when.reason {
        let _ = write!(text, ", reason = {}", quoted(reason));
    }
    line(out, &format!("{text} }},"));
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}

fn value(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(self::value).collect();
            format!("[{}]", items.join(", "))
        }
        other => other.to_string(),
    }
}

/// Text of the source for people: escaped, at most 80 characters.
pub fn shown(text: &str) -> String {
    let mut letters = text.chars();
    let mut shown: String = letters.by_ref().take(MAX_SHOWN).flat_map(visible).collect();
    if letters.next().is_some() {
        shown.push('…');
    }
    shown
}

/// A TOML string; a literal one if that avoids escapes.
fn quoted(text: &str) -> String {
    let plain = text.chars().all(|letter| !hidden(letter) && letter != '\'');
    if plain && text.contains('\\') {
        return format!("'{text}'");
    }
    let mut string = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => {
                string.push('\\');
                string.push(letter);
            }
            _ => string.extend(visible(letter)),
        }
    }
    string.push('"');
    string
}

/// A character, or its escape if it is invisible.
fn visible(letter: char) -> impl Iterator<Item = char> {
    let text = match letter {
        '\n' => "\\n".to_owned(),
        '\t' => "\\t".to_owned(),
        '\r' => "\\r".to_owned(),
        _ if hidden(letter) => format!("\\U{:08X}", u32::from(letter)),
        _ => letter.to_string(),
    };
    text.chars().collect::<Vec<_>>().into_iter()
}

/// Whether a character is a control character, or hides or reorders others.
fn hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

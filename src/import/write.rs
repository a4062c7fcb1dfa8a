//! A draft as TOML; every text of the source is escaped.

use std::fmt::Write;

use super::draft::{Draft, Limit, Rule, Value, When, Window};
use crate::op::{self, Risk};

/// The longest text of the source that is shown in a comment or a message.
const SHOWN: usize = 80;

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
        rule(&mut out, "*", everyone);
    }
    for (name, of_tool) in &draft.tools {
        rule(&mut out, name, of_tool);
    }
    out
}

fn rule(out: &mut String, name: &str, rule: &Rule) {
    line(out, "");
    for from in &rule.from {
        line(out, &format!("# {}", shown(from)));
    }
    let can_be_undone = op::catalogue()
        .iter()
        .all(|entry| entry.name != name || entry.risk != Risk::Destructive);
    if !can_be_undone {
        line(
            out,
            "# Cannot be undone: hidden until [confirmation] has enabled = true.",
        );
    }
    let key = if name == "*" { "\"*\"" } else { name };
    line(out, &format!("[tools.{key}]"));
    line(out, &format!("action = \"{}\"", rule.action.name()));
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

fn limit(out: &mut String, limit: &Limit) {
    line(out, &format!("  # {}", shown(&limit.from)));
    let window = match &limit.window {
        Window::Word(word) => quoted(word),
        Window::Seconds(seconds) => seconds.to_string(),
    };
    let mut text = format!(
        "  {{ max = {}, window = {window}, scope = \"{}\"",
        limit.max, limit.scope
    );
    if let Some(burst) = limit.burst {
        // A String takes all that is written to it.
        let _ = write!(text, ", burst = {burst}");
    }
    if let Some(counter) = &limit.counter {
        let _ = write!(text, ", counter = {}", quoted(counter));
    }
    line(out, &format!("{text} }},"));
}

fn when(out: &mut String, when: &When) {
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
        Value::Text(text) => quoted(text),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => format!("{number:?}"),
        Value::Boolean(yes) => yes.to_string(),
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(self::value).collect();
            format!("[{}]", items.join(", "))
        }
    }
}

/// Text of the source for a person: escaped, and cut when it is long.
pub fn shown(text: &str) -> String {
    let mut letters = text.chars();
    let mut said: String = letters.by_ref().take(SHOWN).flat_map(visible).collect();
    if letters.next().is_some() {
        said.push('…');
    }
    said
}

/// A TOML string; a literal one where that spares escapes.
fn quoted(text: &str) -> String {
    let plain = text.chars().all(|letter| !hidden(letter) && letter != '\'');
    if plain && text.contains('\\') {
        return format!("'{text}'");
    }
    let mut said = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => {
                said.push('\\');
                said.push(letter);
            }
            _ => said.extend(visible(letter)),
        }
    }
    said.push('"');
    said
}

/// A letter, or its escape when it cannot be seen.
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

/// Letters that control, or that turn or hide what stands beside them.
fn hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

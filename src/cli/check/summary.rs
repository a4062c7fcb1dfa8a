//! What a policy does, on about twenty lines: tools by class and effect, each counter once,
//! and a line for each of the other parts.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use anstyle::Style;

use super::rows::{ASKS, EffectRow, LISTED};
use crate::{
    cli::output::wrap,
    op::Risk,
    policy::{Limit, Policy, Subject, Term},
    text::{for_people, per},
};

/// The width of the first column.
const LABEL_COLUMNS: usize = 13;
/// How many tools a limit shows by name.
const MAX_NAMES: usize = 2;

/// One paragraph, with what stands before it on its first line.
pub(super) struct Paragraph {
    label: &'static str,
    head: String,
    style: Style,
    text: String,
}

impl Paragraph {
    pub(super) fn plain(label: &'static str, text: impl Into<String>) -> Self {
        let (head, style) = (String::new(), Style::new());
        let text = text.into();
        Self {
            label,
            head,
            style,
            text,
        }
    }
}

/// The lines about a caller; with `places`, with the rules.
pub(super) fn lines(
    policy: &Policy,
    grant: &str,
    rows: &[EffectRow],
    places: bool,
) -> impl Iterator<Item = Paragraph> {
    let terms = policy.describe(grant, None);
    let said = |subject| described(&terms, subject, places);
    let part = |label, subject, unsaid: &str| {
        let said = said(subject);
        let own = format!("{label}: ");
        let said = said.iter();
        let said: Vec<&str> = said
            .map(|text| text.strip_prefix(&own).unwrap_or(text))
            .collect();
        let text = match said.is_empty() {
            true => unsaid.to_owned(),
            false => said.join("; "),
        };
        Paragraph::plain(label, text)
    };
    let optional = |label, subject| {
        let said = said(subject).into_iter();
        said.map(move |text| Paragraph::plain(label, text))
    };
    let mut lines: Vec<Paragraph> = optional("mode", Subject::Mode).collect();
    for risk in Risk::ALL {
        lines.extend(tools(risk, rows, places));
    }
    lines.extend(limits(policy, grant, rows, places));
    lines.extend(paces(rows));
    lines.extend([
        part("recipients", Subject::Recipients, "anybody"),
        part("reading", Subject::Reading, "every chat"),
        part("flow", Subject::Flow, "unrestricted"),
        part("hours", Subject::Hours, "at any time"),
        part("health", Subject::Health, "the account is never paused"),
    ]);
    lines.extend(optional("files", Subject::Media));
    lines.extend(optional("besides", Subject::Other));
    lines.push(confirmation(policy, places));
    lines.into_iter()
}

/// Writes lines; a label that is that of the line before is omitted.
pub(super) fn write(
    out: &mut impl Write,
    lines: impl Iterator<Item = Paragraph>,
    columns: usize,
) -> io::Result<()> {
    let mut before = "";
    for line in lines {
        let label = if line.label == before { "" } else { line.label };
        before = line.label;
        let (head, style) = (&line.head, line.style);
        write!(out, "{label:LABEL_COLUMNS$}{style}{head}{style:#}")?;
        let indent = LABEL_COLUMNS + if head.is_empty() { 0 } else { 2 };
        let begin = LABEL_COLUMNS + head.chars().count();
        writeln!(out, "{}", wrap(&line.text, begin, indent, columns))?;
    }
    Ok(())
}

/// The tools of a class, by effect.
fn tools(risk: Risk, rows: &[EffectRow], places: bool) -> Vec<Paragraph> {
    let mut groups: Vec<(&EffectRow, Vec<&str>)> = Vec::new();
    let order = |row: &EffectRow| match row.effect {
        LISTED => 0,
        ASKS => 1,
        _ => 2,
    };
    let mut of_class: Vec<&EffectRow> = rows.iter().filter(|row| row.risk == risk).collect();
    of_class.sort_by_key(|row| (order(row), !row.conditions.is_empty()));
    for row in of_class {
        let alike = |(other, _): &&mut (&EffectRow, Vec<&str>)| {
            let key = |row: &EffectRow| {
                let place = row.decided_by.clone().filter(|_| places);
                (row.effect, row.conditions.clone(), place)
            };
            key(other) == key(row)
        };
        match groups.iter_mut().find(alike) {
            Some((_, names)) => names.push(row.tool),
            None => groups.push((row, vec![row.tool])),
        }
    }
    let line = |(row, names): (&EffectRow, Vec<&str>)| {
        let effect = match row.effect {
            LISTED => "allowed",
            other => other,
        };
        let place = row.decided_by.as_deref().filter(|_| places);
        let place = place.map(|place| format!(" [{place}]")).unwrap_or_default();
        let conditions = row.conditions.iter().map(|one| format!(", {one}"));
        Paragraph {
            label: risk.name(),
            head: effect.to_owned(),
            style: row.style(),
            text: format!(
                "{}: {}{place}",
                conditions.collect::<String>(),
                names.join(", ")
            ),
        }
    };
    groups.into_iter().map(line).collect()
}

/// The limits of the tools that may be called. Limits that count the same tools share a line.
fn limits(policy: &Policy, grant: &str, rows: &[EffectRow], places: bool) -> Vec<Paragraph> {
    let mut counted: BTreeMap<usize, (&Limit, Vec<&EffectRow>)> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.admits()) {
        for limit in policy.limits_of(row.tool, grant) {
            let index = policy.limits.iter().position(|one| one == limit);
            let tools = counted
                .entry(index.unwrap_or_default())
                .or_insert((limit, Vec::new()));
            tools.1.push(row);
        }
    }
    let mut shared: Vec<(Option<&str>, Vec<&str>, Vec<String>)> = Vec::new();
    for (limit, tools) in counted.values() {
        let (name, tools) = (limit.name(), tools.iter().map(|row| row.tool).collect());
        let text = match places {
            true => format!("{limit} [{}]", limit.rule),
            false => limit.to_string(),
        };
        let alike =
            |(other, counts, _): &&mut (_, Vec<&str>, _)| *other == name && *counts == tools;
        match shared.iter_mut().find(alike) {
            Some((.., texts)) => texts.push(text),
            None => shared.push((name, tools, vec![text])),
        }
    }
    // Limits for many tools have a line each; those for few share one.
    let (mut many, mut few) = (Vec::new(), Vec::new());
    for (name, tools, texts) in shared {
        let who = match (name, class(&tools, rows)) {
            (Some(name), Some(class)) => format!("{name} ({class})"),
            (Some(name), None) if tools.len() > MAX_NAMES => {
                format!("{name} ({} tools)", tools.len())
            }
            (Some(name), None) => format!("{name} ({})", tools.join(", ")),
            (None, _) => names(&tools, rows),
        };
        let list = if tools.len() > MAX_NAMES {
            &mut many
        } else {
            &mut few
        };
        list.push(format!("{who}: {}", texts.join(", ")));
    }
    let few = (!few.is_empty()).then(|| few.join("; "));
    let lines = many.into_iter().chain(few);
    lines.map(|line| Paragraph::plain("limits", line)).collect()
}

/// Tools in words: a class, or the first names and how many more there are.
fn names(tools: &[&str], rows: &[EffectRow]) -> String {
    match (class(tools, rows), tools) {
        (Some(class), _) => class,
        (None, [first, rest @ ..]) if tools.len() > MAX_NAMES => {
            format!("{first} and {} more", rest.len())
        }
        (None, few) => few.join(", "),
    }
}

/// What many tools are together: all that may be called, or all of a class.
fn class(tools: &[&str], rows: &[EffectRow]) -> Option<String> {
    let all = |risk: Option<Risk>| {
        let wanted = rows.iter().filter(|row| row.admits());
        let wanted = wanted.filter(|row| risk.is_none_or(|risk| row.risk == risk));
        tools.len() > MAX_NAMES && wanted.map(|row| row.tool).eq(tools.iter().copied())
    };
    if all(None) {
        return Some("all tools".to_owned());
    }
    let class = Risk::ALL.into_iter().find(|risk| all(Some(*risk)));
    class.map(|risk| format!("{risk} tools"))
}

fn paces(rows: &[EffectRow]) -> Vec<Paragraph> {
    let mut shared: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for row in rows {
        for pace in &row.paces {
            shared.entry(pace).or_default().push(row.tool);
        }
    }
    let lines = shared.into_iter();
    lines
        .map(|(pace, tools)| Paragraph::plain("pace", format!("{}: {pace}", names(&tools, rows))))
        .collect()
}

fn described(terms: &[Term], subject: Subject, places: bool) -> Vec<String> {
    let terms = terms.iter().filter(|term| term.subject == subject);
    let texts = terms.map(|term| match places {
        true => term.to_string(),
        false => term.text.clone(),
    });
    texts.collect()
}

fn confirmation(policy: &Policy, places: bool) -> Paragraph {
    let asking = &policy.confirmation;
    if !asking.enabled {
        return Paragraph::plain("confirmation", "off: irreversible tools are hidden");
    }
    let (max, window) = (asking.prompt_max, per(asking.prompt_window));
    let expires = for_people(asking.expires);
    let place = match places {
        true => format!(" [{}]", asking.prompt_rule),
        false => String::new(),
    };
    let text =
        format!("an answer counts for {expires}; at most {max} questions per {window}{place}");
    Paragraph::plain("confirmation", text)
}

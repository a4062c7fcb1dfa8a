//! Files of calls with expected verdicts.

use serde_json::{Map, Value};

use super::{
    child,
    reader::{Common, Fields, Reader},
};
use crate::{
    op::{self, ChatId, GroupId},
    policy::{
        Case, Diagnostics, GroupNames, LOCAL, Policy, Verdict,
        cases::CODES,
        diagnostics::position,
        raw::{Node, Raw, Span},
        source::Source,
    },
    text,
};

const CASE: [&str; 11] = [
    "name", "tool", "args", "as", "at", "known", "has_read", "groups", "expect", "code", "rule",
];
const VERDICTS: [&str; 4] = ["allow", "confirm", "deny", "hidden"];

/// The cases of a file.
pub(in crate::policy) fn cases(
    mut source: Source,
    policy: &Policy,
) -> Result<Vec<Case>, Diagnostics> {
    let mut cases = Vec::new();
    if let Some(root) = &source.root {
        let mut common = Common::default();
        let mut reader = Reader {
            origin: &source.origin,
            text: &source.text,
            found: Vec::new(),
            covered: Vec::new(),
            common: &mut common,
            prefix: String::new(),
        };
        cases = reader.cases(root, policy);
        source.problems.append(&mut reader.found);
    }
    let mut found = Diagnostics::default();
    found.add(&source.origin, &source.text, source.problems);
    if found.has_errors() {
        Err(found)
    } else {
        Ok(cases)
    }
}

impl Reader<'_> {
    fn cases(&mut self, root: &Node, policy: &Policy) -> Vec<Case> {
        self.table(root, "a file of cases", &["case"]);
        let Some(node) = child(root, "case").map(|(_, node)| node) else {
            let hint = "write [[case]], and below it name, tool, args and expect";
            self.wrong(
                &(root.span.start..root.span.start),
                "missing-key",
                "there is no case",
                hint,
            );
            return Vec::new();
        };
        let items = self.list(node, "[[case]] with two brackets, once for each case");
        let cases = items.iter().filter_map(|item| self.case(item, policy));
        cases.collect()
    }

    fn case(&mut self, node: &Node, policy: &Policy) -> Option<Case> {
        let fields = self.table(node, "a case", &CASE)?;
        let [name, tool, expect] =
            ["name", "tool", "expect"].map(|key| self.required(&fields, node, key));
        let (line, column) = position(self.text, node.span.start);
        // All of it is read before anything that is missing ends it.
        let name = name.and_then(|node| self.text(node));
        let facts = tool.and_then(|node| self.facts(&fields, node));
        let expect = expect.and_then(|node| self.expected(&fields, node));
        let grant = match fields.get("as") {
            Some((_, node)) => self.text(node),
            None => Some(LOCAL.to_owned()),
        };
        let at = match fields.get("at") {
            Some((_, node)) => {
                let grant = grant.as_deref().unwrap_or(LOCAL);
                Some(self.moment(node, policy, grant))
            }
            None => None,
        };
        let (known, has_read) = (
            self.people(&fields, "known"),
            self.people(&fields, "has_read"),
        );
        let groups = self.groups(&fields);
        Some(Case {
            name: name?,
            line,
            column,
            facts: facts?,
            grant: grant?,
            at: match at {
                Some(at) => Some(at?),
                None => None,
            },
            known,
            has_read,
            groups,
            expect: expect?,
        })
    }

    fn facts(&mut self, fields: &Fields<'_>, tool: &Node) -> Option<crate::op::Facts> {
        let name = self.text(tool)?;
        let (arguments, span): (Value, &Span) = match fields.get("args") {
            Some((_, node)) if matches!(node.value, Raw::Table(_)) => (node.json(), &node.span),
            Some((_, node)) => {
                self.kind(node, "the arguments as a table");
                return None;
            }
            None => (Value::Object(Map::new()), &tool.span),
        };
        // Whichever it is about, the name is looked up first.
        if self.named(&name, &tool.span).is_empty() {
            return None;
        }
        match op::call(&name, arguments) {
            Ok(facts) => Some(facts),
            Err(problem) => {
                let hint = "write a call that the tool would take";
                self.wrong(span, "bad-arguments", &problem, hint);
                None
            }
        }
    }

    fn moment(&mut self, node: &Node, policy: &Policy, grant: &str) -> Option<jiff::Timestamp> {
        let text = self.text(node)?;
        match text::moment(&text, &policy.zone(grant)) {
            Ok(at) => Some(at),
            Err(problem) => {
                let hint = "the zone of the policy's hours is taken where there is none";
                self.wrong(&node.span, "bad-value", &problem, hint);
                None
            }
        }
    }

    fn people(&mut self, fields: &Fields<'_>, key: &str) -> Vec<ChatId> {
        let Some((_, node)) = fields.get(key) else {
            return Vec::new();
        };
        let mut people = Vec::new();
        for item in self.list(node, "a list of numbers and ids") {
            if let Some(text) = self.text(item) {
                match ChatId::parse(&text) {
                    Ok(chat) => people.push(chat),
                    Err(problem) => {
                        let hint = "write a number with its country code, or an id";
                        self.wrong(&item.span, "bad-recipient", &problem.to_string(), hint);
                    }
                }
            }
        }
        people
    }

    /// `{ Family = "12345678@g.us" }`.
    fn groups(&mut self, fields: &Fields<'_>) -> GroupNames {
        let mut names = GroupNames::default();
        let Some((_, node)) = fields.get("groups") else {
            return names;
        };
        let Raw::Table(entries) = &node.value else {
            self.kind(node, "a table of names with ids");
            return names;
        };
        for (key, node) in entries {
            if let Some(text) = self.text(node) {
                match GroupId::parse(&text) {
                    Ok(group) => names.learn(key.name.clone(), group),
                    Err(problem) => {
                        let hint = "write the group's id";
                        self.wrong(&node.span, "bad-value", &problem.to_string(), hint);
                    }
                }
            }
        }
        names
    }

    fn expected(&mut self, fields: &Fields<'_>, expect: &Node) -> Option<Verdict> {
        let verdict = self.word(expect, &VERDICTS)?;
        let code = match fields.get("code") {
            Some((_, node)) => Some(
                self.word(node, &CODES.map(crate::policy::Code::name))?
                    .to_owned(),
            ),
            None => None,
        };
        if let (Some(_), "allow" | "confirm", Some((key, _))) = (&code, verdict, fields.get("code"))
        {
            let hint = "leave it out, or expect deny or hidden";
            self.wrong(&key.span, "bad-value", "only a refusal has a code", hint);
        }
        let rule = match fields.get("rule") {
            Some((_, node)) => Some(self.text(node)?.into()),
            None => None,
        };
        Some(Verdict {
            verdict,
            code,
            rule,
            reason: None,
        })
    }
}

//! Files of calls with expected effects, for `whatsapp-guard test`.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::reader::{Common, Fields, Reader};
use crate::{
    media::CONTENT_TYPES,
    op::{self, ChatId, Facts, FileFacts, GroupId, PersonId},
    policy::{
        Action, Case, CaseOutcome, Code, Diagnostics, KnownNames, LOCAL, Policy, ReadChat,
        cases::CODES, document::Node, source::SourceFile,
    },
    text,
};

const CASE: [&str; 14] = [
    "name", "tool", "args", "as", "at", "known", "wrote", "has_read", "groups", "contacts", "file",
    "expect", "code", "rule",
];

/// The keys of `file`: what a server would find out about the file of the call.
const FILE: [&str; 2] = ["type", "bytes"];

/// Reads the cases of a file.
///
/// # Errors
/// All mistakes, each with its place.
pub(in crate::policy) fn cases(
    mut source: SourceFile,
    policy: &Policy,
) -> Result<Vec<Case>, Diagnostics> {
    let mut common = Common::default();
    let cases = Reader::read(&mut source, &mut common, |reader, root| {
        reader.cases(root, policy)
    });
    let mut found = Diagnostics::default();
    found.add(&source.origin, &source.text, source.problems);
    if found.has_errors() {
        return Err(found);
    }
    Ok(cases.unwrap_or_default())
}

impl Reader<'_> {
    fn cases(&mut self, root: &Node, policy: &Policy) -> Vec<Case> {
        self.table(root, &["case"]);
        let Some(node) = root.get("case") else {
            let start = root.span.start..root.span.start;
            let hint = "write [[case]], and below it name, tool, args and expect";
            self.wrong(&start, "missing-key", "the file has no case", hint);
            return Vec::new();
        };
        let items = self.list(node, "[[case]], with two brackets, once for each case");
        let cases = items.iter().filter_map(|item| self.case(item, policy));
        cases.collect()
    }

    fn case(&mut self, node: &Node, policy: &Policy) -> Option<Case> {
        let fields = self.table(node, &CASE)?;
        let [name, tool, expect] =
            ["name", "tool", "expect"].map(|key| self.required(&fields, node, key));
        let (line, column) = self.positions.of(node.span.start);
        // Everything is read before a missing value ends the case, so that all mistakes show.
        let name = name.and_then(|node| self.text(node));
        let mut facts = tool.and_then(|node| self.facts(&fields, node));
        if let (Some(facts), Some(node)) = (&mut facts, fields.get("file")) {
            facts.file = self.case_file(node, facts);
        }
        let expect = expect.and_then(|node| self.expected(&fields, node));
        let grant = match fields.get("as") {
            Some(node) => self.text(node),
            None => Some(LOCAL.to_owned()),
        };
        let at = fields.get("at").map(|node| {
            let grant = grant.as_deref().unwrap_or(LOCAL);
            self.time(node, policy, grant)
        });
        let [known, has_read] = ["known", "has_read"].map(|key| self.ids(&fields, key));
        let mut groups = self.groups(&fields);
        self.contacts(&fields, &mut groups);
        let wrote = self.wrote(&fields, policy, grant.as_deref().unwrap_or(LOCAL));
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
            has_read: has_read.into_iter().map(ReadChat::just_now).collect(),
            groups,
            wrote,
            expect: expect?,
        })
    }

    fn facts(&mut self, fields: &Fields<'_>, tool: &Node) -> Option<Facts> {
        let name = self.text(tool)?;
        let (arguments, span) = match fields.get("args") {
            Some(node) if node.fields().is_some() => (node.json(), &node.span),
            Some(node) => return self.invalid(node, "a table of arguments"),
            None => (Value::Object(Map::new()), &tool.span),
        };
        // An unknown name is an error of its own.
        if self.named(&name, &tool.span).is_empty() {
            return None;
        }
        match op::call(&name, arguments) {
            Ok(facts) => Some(facts),
            Err(problem) => {
                let hint = "write arguments that the tool accepts";
                self.wrong(span, "bad-arguments", &problem, hint);
                None
            }
        }
    }

    /// `{ type = "application/pdf", bytes = 1200 }`; a content of no known type without `type`.
    fn case_file(&mut self, node: &Node, facts: &Facts) -> Option<FileFacts> {
        let fields = self.table(node, &FILE)?;
        if facts.outgoing.is_none() {
            let message = format!("`{}` sends no file with these arguments", facts.tool);
            self.wrong(&node.key_span, "bad-value", &message, "remove `file`");
        }
        let content_type = match fields.get("type") {
            Some(node) => Some(self.choice(node, CONTENT_TYPES.map(|mime| (mime, mime)))?),
            None => None,
        };
        let bytes = match fields.get("bytes") {
            Some(node) => self.count(node)?.get(),
            None => 1,
        };
        Some(FileFacts {
            name: String::new(),
            bytes: usize::try_from(bytes).unwrap_or(usize::MAX),
            mime: content_type.unwrap_or_default().to_owned(),
            content_type,
            sha256: String::new(),
        })
    }

    fn time(&mut self, node: &Node, policy: &Policy, grant: &str) -> Option<Timestamp> {
        let text = self.text(node)?;
        match text::moment(&text, &policy.zone(grant)) {
            Ok(at) => Some(at),
            Err(problem) => {
                let hint = "a time without a zone is in the time zone of the policy's hours";
                let message = format!("{}: {problem}", node.key);
                self.wrong(&node.span, "bad-value", &message, hint);
                None
            }
        }
    }

    fn ids(&mut self, fields: &Fields<'_>, key: &str) -> Vec<ChatId> {
        let Some(node) = fields.get(key) else {
            return Vec::new();
        };
        let items = self.list(node, "a list of numbers and ids").iter();
        let ids = items.filter_map(|item| {
            if let Some(chat) = item.text().and_then(|text| ChatId::parse(text).ok()) {
                return Some(chat);
            }
            let (entry, got) = (&item.key, item.shown());
            let message =
                format!("{entry} must be a number with its country code or an id, got {got}");
            let hint = "write \"+15551230000\" for a person, \"…@g.us\" for a group";
            self.wrong(&item.span, "bad-recipient", &message, hint);
            None
        });
        ids.collect()
    }

    /// `{ "+15551230000" = "2026-11-21 20:00" }`.
    fn wrote(
        &mut self,
        fields: &Fields<'_>,
        policy: &Policy,
        grant: &str,
    ) -> Vec<(ChatId, Timestamp)> {
        let Some(node) = fields.get("wrote") else {
            return Vec::new();
        };
        if !fields.contains_key("at") {
            let hint = "write at = …, the time of the call";
            let message = "a case with `wrote` needs `at`";
            self.wrong(&node.key_span, "missing-key", message, hint);
        }
        let mut wrote = Vec::new();
        for node in self.entries(node, "a table of numbers and ids with times") {
            let at = self.time(node, policy, grant);
            match ChatId::parse(&node.key) {
                Ok(chat) => wrote.extend(at.map(|at| (chat, at))),
                Err(_) => {
                    let message = format!(
                        "{} is not a number with its country code, nor an id",
                        node.key
                    );
                    let hint = "write \"+15551230000\" for a person, \"…@g.us\" for a group";
                    self.wrong(&node.key_span, "bad-recipient", &message, hint);
                }
            }
        }
        wrote
    }

    /// `{ Family = "12345678@g.us" }`.
    fn groups(&mut self, fields: &Fields<'_>) -> KnownNames {
        let mut names = KnownNames::unknown();
        let Some(node) = fields.get("groups") else {
            return names;
        };
        for node in self.entries(node, "a table of names with ids") {
            match node.text().and_then(|text| GroupId::parse(text).ok()) {
                Some(group) => names.learn(&node.key, group),
                None => {
                    self.invalid::<()>(node, "a group id such as \"12345678@g.us\"");
                }
            }
        }
        names
    }

    /// `{ Anna = "+15551230000" }`, the whole address book.
    fn contacts(&mut self, fields: &Fields<'_>, names: &mut KnownNames) {
        let Some(node) = fields.get("contacts") else {
            return;
        };
        for node in self.entries(node, "a table of names with numbers") {
            match node.text().and_then(|text| PersonId::parse(text).ok()) {
                Some(person) => names.learn_contact(&node.key, person),
                None => {
                    self.invalid::<()>(node, "a number with its country code");
                }
            }
        }
        names.close_contacts();
    }

    fn expected(&mut self, fields: &Fields<'_>, expect: &Node) -> Option<CaseOutcome> {
        let [allow, confirm, deny] = Action::ALL.map(Action::name);
        let verdict = self.choice(
            expect,
            [allow, confirm, deny, "hidden"].map(|word| (word, word)),
        )?;
        let code = match fields.get("code") {
            Some(node) => {
                let code = self.choice(node, CODES.map(|code| (Code::name(code), code)))?;
                if verdict == allow || verdict == confirm {
                    let hint = "remove it, or expect deny or hidden";
                    let message = format!(
                        "code must be missing where {verdict} is expected, since only refusals have one"
                    );
                    self.wrong(&node.key_span, "bad-value", &message, hint);
                }
                Some(code.name().to_owned())
            }
            None => None,
        };
        let rule = match fields.get("rule") {
            Some(node) => Some(self.text(node)?.into()),
            None => None,
        };
        Some(CaseOutcome {
            verdict,
            code,
            rule,
            reason: None,
        })
    }
}

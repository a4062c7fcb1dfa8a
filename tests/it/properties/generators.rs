//! Generates policies and calls.

use std::fmt::Write as _;

use proptest::{prelude::*, sample::select};
use serde_json::{Value, json};
use whatsapp_guard::{
    op::{self, ChatId, Facts, GroupId, LastIncoming},
    policy::{Context, KnownNames, Policy, ReadChat},
};

use crate::app::gate;

pub(super) const CHATS: [&str; 7] = [
    "15552220001@c.us",
    "15552220002@c.us",
    "777000111222@lid",
    "120363000000000001@g.us",
    "120363000000000002@g.us",
    "120363000000000003@newsletter",
    "15552220003@c.us",
];
pub(super) const ENTRIES: [&str; 10] = [
    "+1 555 222 0001",
    "15552220002@c.us",
    "777000111222@lid",
    "120363000000000001@g.us",
    "group:Us",
    "group:*",
    "channel:*",
    "*",
    "@people",
    "status@broadcast",
];
pub(super) const TOOLS: [&str; 11] = [
    "send_message",
    "list_messages",
    "get_session",
    "forward_message",
    "add_group_members",
    "archive_chat",
    "leave_group",
    "update_profile",
    "send_*",
    "*_group",
    "*",
];

pub(super) fn action() -> impl Strategy<Value = &'static str> {
    select(vec!["allow", "confirm_if_enabled", "confirm", "deny"])
}

pub(super) fn entries() -> impl Strategy<Value = String> {
    prop::collection::vec(select(ENTRIES.to_vec()), 0..4).prop_map(|all| format!("{all:?}"))
}

/// The body of a rule: action, conditions and limits.
pub(super) fn rule() -> impl Strategy<Value = (String, bool)> {
    let when = prop_oneof![
        3 => Just(""),
        1 => Just("when = [{ arg = \"text\", op = \"contains\", value = \"money\" }]\n"),
        1 => Just("when = [{ arg = \"text\", op = \"not_matches\", value = \"a+\" }]\n"),
        1 => Just("when = [{ arg = \"text\", op = \"has_no_link\" }]\n"),
        1 => Just("when = [{ arg = \"chat\", op = \"in\", value = [\"+15552220001\"] }]\n"),
    ];
    let more = select(vec![
        "",
        "reason = \"so\"\n",
        "except = [\"send_*\", \"leave_group\"]\n",
        "limits = [{ max = 2, window = \"day\", scope = \"chat\" }]\n",
        "limits = [{ max = 2, window = \"minute\", counter = \"c\" }]\n",
        "rate_limit = { max = 2, window = 60 }\n",
        "pace = { min = \"1s\", max = \"2s\" }\n",
    ]);
    (action(), when, more).prop_map(|(action, when, more)| {
        (
            format!("action = \"{action}\"\n{when}{more}"),
            !when.is_empty(),
        )
    })
}

/// The body of a rule that does not say `action = "allow"`.
fn restricting_body() -> impl Strategy<Value = String> {
    let action = select(vec!["", "action = \"confirm\"\n", "action = \"deny\"\n"]);
    (action, rule()).prop_map(|(action, (rule, _))| {
        let rest = rule.split_once('\n').unwrap().1;
        // Conditions are about arguments that few tools have.
        let rest: Vec<&str> = rest
            .lines()
            .filter(|line| !line.starts_with("when"))
            .collect();
        format!("{action}{}\n", rest.join("\n"))
    })
}

/// A rule for `*` that does not say `action = "allow"`, or one that refuses a tool.
pub(super) fn restriction() -> impl Strategy<Value = String> {
    let named = (select(TOOLS.to_vec()), rule()).prop_map(|(tool, (rule, conditional))| {
        let tool = if conditional { "send_message" } else { tool };
        let rest = rule.split_once('\n').unwrap().1;
        format!("[[tools.\"{tool}\"]]\naction = \"deny\"\n{rest}")
    });
    let all = restricting_body().prop_map(|body| format!("[[tools.\"*\"]]\n{body}"));
    prop_oneof![1 => named, 2 => all]
}

/// Whether a rule may admit what `default` refuses.
pub(super) fn admits(rule: &str) -> bool {
    !rule.contains("[[tools.\"*\"]]") && !rule.contains("\"deny\"") || rule.contains("\"allow\"")
}

/// One rule below `[[tools.X]]`. Rules with conditions are for `send_message`, which has a
/// text.
pub(super) fn tool_rule() -> impl Strategy<Value = String> {
    (select(TOOLS.to_vec()), rule()).prop_map(|(tool, (rule, conditional))| {
        let tool = if conditional { "send_message" } else { tool };
        format!("[[tools.\"{tool}\"]]\n{rule}")
    })
}

/// A table of a layer, with its name so that duplicates can be removed.
pub(super) fn section() -> impl Strategy<Value = (&'static str, String)> {
    let recipients = (
        prop::option::of(entries()),
        prop::option::of(entries()),
        prop::option::of(action()),
        prop::option::of(action()),
        prop::option::of(select(vec!["1h", "8h", "day"])),
    )
        .prop_map(|(allow, deny, unlisted, new, answers)| {
            let mut text = String::new();
            for (key, list) in [("allow", allow), ("deny", deny)] {
                if let Some(list) = list {
                    let _ = writeln!(text, "{key} = {list}");
                }
            }
            if let Some(action) = unlisted {
                let _ = writeln!(text, "unlisted = \"{action}\"");
            }
            if let Some(action) = new {
                let _ = writeln!(
                    text,
                    "new = {{ action = \"{action}\", max = 3, window = \"day\" }}"
                );
            }
            if let Some(within) = answers {
                let _ = writeln!(text, "answers = {{ within = \"{within}\" }}");
            }
            ("recipients", text)
        });
    let read = (prop::option::of(entries()), entries()).prop_map(|(allow, deny)| {
        let allow = allow
            .map(|list| format!("allow = {list}, "))
            .unwrap_or_default();
        let budget = "budget = { messages = 50, window = \"hour\" }\n";
        (
            "read",
            format!("chats = {{ {allow}deny = {deny} }}\n{budget}"),
        )
    });
    let hours = (
        action(),
        select(vec!["22:00-07:00", "00:00-24:00", "09:00-17:00"]),
        select(vec!["", "applies_to = [\"first_time\", \"read\"]\n"]),
    )
        .prop_map(|(action, quiet, applies_to)| {
            let text = format!("quiet = \"{quiet}\"\nzone = \"UTC\"\naction = \"{action}\"\n");
            ("hours", text + applies_to)
        });
    let media = select(vec![
        "sources = [\"outbox\"]\n",
        "sources = [\"base64\"]\nmax_bytes = 3\n",
        "types = [\"image/*\"]\n",
        "types = []\nmax_bytes = \"1kB\"\n",
    ]);
    let media = media.prop_map(|text| ("media", text.to_owned()));
    let flow = action().prop_map(|action| ("flow", format!("cross_chat = \"{action}\"\n")));
    let body = select(vec![
        "action = \"allow\"",
        "action = \"confirm\"",
        "action = \"deny\"",
        "limits = [{ max = 2, window = \"minute\" }]",
        "pace = { min = \"1s\", max = \"2s\" }",
        "action = \"confirm\", rate_limit = { max = 2, window = \"day\" }",
    ]);
    let classes = select(vec!["read", "write", "execute", "destructive"]);
    let risk =
        (classes, body).prop_map(|(risk, body)| ("risk", format!("{risk} = {{ {body} }}\n")));
    prop_oneof![recipients, read, media, hours, flow, risk]
}

#[derive(Debug, Clone, Default)]
pub(super) struct Layer {
    pub(super) default: Option<&'static str>,
    pub(super) hide: Vec<&'static str>,
    pub(super) sections: Vec<(&'static str, String)>,
    pub(super) rules: Vec<String>,
}

pub(super) fn layer() -> impl Strategy<Value = Layer> {
    (
        prop::option::of(action()),
        prop::collection::vec(select(TOOLS.to_vec()), 0..2),
        prop::collection::vec(section(), 0..4),
        prop::collection::vec(tool_rule(), 0..5),
    )
        .prop_map(|(default, hide, mut sections, rules)| {
            sections.sort_by_key(|(name, _)| *name);
            sections.dedup_by_key(|(name, _)| *name);
            Layer {
                default,
                hide,
                sections,
                rules,
            }
        })
}

impl Layer {
    /// The layer as TOML, with a prefix for its tables. `between` is inserted between its
    /// keys and its tables.
    pub(super) fn text(&self, below: &str, between: &str) -> String {
        let mut text = String::new();
        if let Some(action) = self.default {
            let _ = writeln!(text, "default = \"{action}\"");
        }
        if !self.hide.is_empty() {
            let _ = writeln!(text, "hide = {:?}", self.hide);
        }
        text += between;
        for (name, section) in &self.sections {
            let _ = write!(text, "[{below}{name}]\n{section}");
        }
        for rule in &self.rules {
            text += &rule.replacen("[[", &format!("[[{below}"), 1);
        }
        text
    }
}

#[derive(Debug, Clone)]
pub(super) struct PolicyFile {
    pub(super) main: Layer,
    pub(super) grant: Option<Layer>,
    pub(super) mode: Option<bool>,
    pub(super) asks: Option<bool>,
}

pub(super) fn policy_file() -> impl Strategy<Value = PolicyFile> {
    let flag = || prop::option::of(any::<bool>());
    let grant = prop::option::of(layer());
    (layer(), grant, flag(), flag()).prop_map(|(main, grant, mode, asks)| PolicyFile {
        main,
        grant,
        mode,
        asks,
    })
}

pub(super) const LISTS: &str = "[lists]\npeople = [\"+15552220002\", \"group:Us\"]\n";

impl PolicyFile {
    pub(super) fn text(&self) -> String {
        let mut more = LISTS.to_owned();
        if let Some(asks) = self.asks {
            let _ = writeln!(more, "[confirmation]\nenabled = {asks}");
        }
        if let Some(read_only) = self.mode {
            let _ = writeln!(more, "[mode]\nread_only = {read_only}");
        }
        let mut text = format!("version = \"1\"\n{}", self.main.text("", &more));
        if let Some(grant) = &self.grant {
            let _ = write!(text, "[grants.local]\n{}", grant.text("grants.local.", ""));
        }
        text
    }

    pub(super) fn policy(&self) -> Policy {
        gate::policy(&self.text())
    }
}

/// A call and the facts at its time.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) tool: &'static str,
    pub(super) arguments: Value,
    pub(super) names: Option<Vec<usize>>,
    pub(super) new: bool,
    pub(super) read: Vec<usize>,
    pub(super) hour: Option<i64>,
    /// The hour in which somebody else wrote.
    pub(super) wrote: Option<i64>,
}

fn at_hour(hour: i64) -> jiff::Timestamp {
    jiff::Timestamp::from_second(hour * 3600).unwrap()
}

pub(super) fn call() -> impl Strategy<Value = Call> {
    let chat = 0..CHATS.len();
    let message = (
        chat.clone(),
        select(vec![
            "hi",
            "money",
            "aaa",
            "mo\u{ad}ney",
            "a.to",
            "a\u{ad}.to",
        ]),
    )
        .prop_map(|(chat, text)| ("send_message", json!({ "chat": CHATS[chat], "text": text })));
    let forward = (chat.clone(), chat.clone()).prop_map(|(chat, to)| {
        (
            "forward_message",
            json!({ "chat": CHATS[chat], "message": "ABC", "to": CHATS[to] }),
        )
    });
    let other = (
        select(vec!["list_messages", "get_chat", "archive_chat"]),
        chat.clone(),
    )
        .prop_map(|(tool, chat)| (tool, json!({ "chat": CHATS[chat] })));
    let invite = prop::collection::vec(0..3_usize, 1..3).prop_map(|people| {
        let people: Vec<_> = people.iter().map(|index| CHATS[*index]).collect();
        (
            "add_group_members",
            json!({ "group": CHATS[3], "people": people }),
        )
    });
    let rest = select(vec![
        (
            "send_media",
            json!({ "chat": CHATS[0], "media": { "path": "a.png" } }),
        ),
        (
            "send_media",
            json!({ "chat": CHATS[0], "media": { "base64": "AAAAAAAA", "mime": "image/png" } }),
        ),
        ("get_session", json!({})),
        ("list_chats", json!({})),
        ("open_session", json!({})),
        ("leave_group", json!({ "group": CHATS[3] })),
        ("update_profile", json!({ "about": "x" })),
    ]);
    let what = prop_oneof![message, forward, other, invite, rest];
    let names = prop::option::of(prop::collection::vec(3..5_usize, 0..3));
    let read = prop::collection::vec(chat, 0..3);
    (
        what,
        names,
        any::<bool>(),
        read,
        prop::option::of(0..24_i64),
        prop::option::of(0..24_i64),
    )
        .prop_map(|((tool, arguments), names, new, read, hour, wrote)| Call {
            tool,
            arguments,
            names,
            new,
            read,
            hour,
            wrote,
        })
}

pub(super) fn chat(index: usize) -> ChatId {
    ChatId::parse(CHATS[index]).unwrap()
}

impl Call {
    pub(super) fn facts(&self) -> Facts {
        let tools = gate::tools();
        let arguments = self.arguments.as_object().unwrap().clone();
        tools.prepare(self.tool, arguments).unwrap().facts().clone()
    }

    /// The strictness of a decision (0 is allow, 3 is hidden), its limits, and the number of
    /// its delays.
    pub(super) fn decision(&self, policy: &Policy) -> (usize, Vec<String>, usize) {
        let facts = self.facts();
        let mut groups = match self.names {
            Some(_) => KnownNames::default(),
            None => KnownNames::unknown(),
        };
        for index in self.names.iter().flatten() {
            groups.learn("Us", GroupId::parse(CHATS[*index]).unwrap());
        }
        let recipients = facts.targets.of(op::TargetRole::Recipient).cloned();
        let newcomers: Vec<_> = recipients.filter(|_| self.new).collect();
        let read = self
            .read
            .iter()
            .map(|index| ReadChat::just_now(chat(*index)));
        let has_read: Vec<_> = read.collect();
        let mut incoming = LastIncoming::default();
        for chat in facts.targets.chats() {
            incoming.insert(chat.clone(), self.wrote.map(at_hour));
        }
        let context = Context {
            grant: "local",

            now: self.hour.map(at_hour),
            groups: &groups,
            newcomers: &newcomers,
            has_read: &has_read,
            incoming: &incoming,
        };
        let decision = policy.decide(&facts, &context);
        let name = decision.effect().name();
        let order = ["allow", "confirm", "deny", "hidden"];
        let limits = decision
            .limits
            .iter()
            .map(|index| policy.limits[*index].to_string());
        let mut limits: Vec<_> = limits.collect();
        limits.sort();
        let strictness = order.iter().position(|word| *word == name).unwrap();
        // No attributes are resolved for a tool that is always refused.
        let effect = policy.effect(self.tool, facts.risk, "local");
        assert!(effect.admits() || !decision.effect().admits());
        (strictness, limits, decision.paces.len())
    }
}

/// Whether a rule of the layer already applies to every call of the tool. Then the default
/// does not apply, and another rule can only tighten.
pub(super) fn has_rule_for(layer: &Layer, call: &Call) -> bool {
    let excepted = call.tool.starts_with("send_") || call.tool == "leave_group";
    let rules = layer.rules.iter().filter(|rule| admits(rule));
    let rules = rules.filter(|rule| !excepted || !rule.contains("except"));
    let mut plain = rules.filter(|rule| !rule.contains("when") || rule.contains("\"allow\""));
    let named = format!("[[tools.\"{}\"]]", call.tool);
    plain.any(|rule| rule.contains("[[tools.\"*\"]]") || rule.contains(&named))
}

//! Each chat, group and person that an argument names is a target. The expectation comes
//! from the schemas of the arguments.

use serde_json::{Value, json};
use whatsapp_guard::op::{self, ChatId, Entry, Risk, TargetRole};

use crate::app;

/// Arguments that name a person whom the call does not reach.
const NAMES_ONLY: &[&str] = &[
    // A filter: the chat is the source.
    "list_messages.from",
    // This account's own number.
    "open_session.phone_number",
    // The content of the message.
    "send_contact.number",
    "send_message.mentions",
];

/// Arguments of tools that change something, where the chat or person receives nothing.
/// What is not listed here must be a recipient.
const RECEIVES_NOTHING: &[&str] = &[
    "add_group_members.group",
    "archive_chat.chat",
    "block_contact.person",
    "clear_chat.chat",
    "delete_chat.chat",
    "delete_group_picture.group",
    "delete_message.chat",
    "demote_group_admin.group",
    "demote_group_admin.people",
    "forward_message.chat",
    "leave_group.group",
    "mark_chat_read.chat",
    "mark_chat_unread.chat",
    "pin_message.chat",
    "promote_group_admin.group",
    "promote_group_admin.people",
    "remove_group_members.group",
    "remove_group_members.people",
    "revoke_group_invite.group",
    "set_group_permissions.group",
    "set_presence.chat",
    "star_message.chat",
    "subscribe_presence.chat",
    "unarchive_chat.chat",
    "unblock_contact.person",
    "unpin_message.chat",
    "unstar_message.chat",
];

/// Arguments of a tool that name a chat, a group or a person: name, value and chat.
fn named(entry: &Entry) -> Vec<(String, Value, ChatId)> {
    let schema = (entry.argument_schema)();
    let fields = schema.get("properties").and_then(Value::as_object);
    let id_of = |field: &Value| {
        Some(match field["format"].as_str()? {
            "chat-id" | "person-id" => "15559990001@c.us",
            "group-id" => "120363999999999999@g.us",
            "channel-id" => "120363999999999999@newsletter",
            "phone-number" => "+15559990001",
            "message-id" | "invite" | "cursor" | "date-time" | "emoji" => return None,
            format if format.starts_with("uint") => return None,
            other => panic!("{}: is `{other}` a chat, a group or a person?", entry.name),
        })
    };
    let named = fields.into_iter().flatten().filter_map(|(name, field)| {
        let (id, value) = match id_of(field) {
            Some(id) => (id, json!(id)),
            None => id_of(&field["items"]).map(|id| (id, json!([id])))?,
        };
        Some((name.clone(), value, ChatId::parse(id).unwrap()))
    });
    named.collect()
}

/// The roles in which a call with this argument has the chat as a target.
fn roles(entry: &Entry, name: &str, value: &Value, chat: &ChatId) -> Vec<TargetRole> {
    // The message need not be of the chat that is tried.
    let mut arguments = app::sample(entry, "3EB0AA");
    arguments[name] = value.clone();
    let facts = (entry.facts)(arguments.clone()).or_else(|_| {
        // Online and offline are for no chat.
        arguments["presence"] = json!("typing");
        (entry.facts)(arguments)
    });
    let targets = facts.unwrap().targets;
    let all = [
        TargetRole::Subject,
        TargetRole::Source,
        TargetRole::Recipient,
    ];
    let roles = all
        .into_iter()
        .filter(|role| targets.of(*role).any(|one| one == chat));
    roles.collect()
}

/// Whether a tool sends something to a chat or person that this argument names.
fn sends_to(entry: &Entry, argument: &str) -> bool {
    let argument = format!("{}.{argument}", entry.name);
    let listed = |list: &[&str]| list.contains(&&*argument);
    entry.risk != Risk::Read && !listed(NAMES_ONLY) && !listed(RECEIVES_NOTHING)
}

/// Whether a call with sample arguments sends something to somebody.
pub fn sends(entry: &Entry) -> bool {
    let sample = app::sample(entry, "3EB0AA");
    named(entry)
        .iter()
        .any(|(name, ..)| sample.get(name).is_some() && sends_to(entry, name))
}

#[test]
fn each_chat_group_and_person_is_a_target() {
    let mut tried = 0;
    for entry in op::catalogue() {
        for (name, value, chat) in named(entry) {
            let argument = format!("{}.{name}", entry.name);
            let roles = roles(entry, &name, &value, &chat);
            match NAMES_ONLY.contains(&&*argument) {
                true => assert!(roles.is_empty(), "{argument} is a target"),
                false => assert_eq!(roles.len(), 1, "{argument} is not among the targets"),
            }
            tried += 1;
        }
    }
    assert!(tried > 50, "{tried}");
}

#[test]
fn who_receives_something_is_a_recipient() {
    for entry in op::catalogue() {
        for (name, value, chat) in named(entry) {
            let roles = roles(entry, &name, &value, &chat);
            let is = roles.contains(&TargetRole::Recipient);
            let wanted = sends_to(entry, &name);
            assert_eq!(is, wanted, "{}.{name}: recipient", entry.name);
        }
    }
    let known: Vec<String> = op::catalogue()
        .iter()
        .flat_map(|entry| {
            named(entry)
                .into_iter()
                .map(|(name, ..)| format!("{}.{name}", entry.name))
        })
        .collect();
    for listed in NAMES_ONLY.iter().chain(RECEIVES_NOTHING) {
        assert!(
            known.iter().any(|one| one == listed),
            "there is no {listed}"
        );
    }
}

#[test]
fn a_message_of_another_chat_is_refused() {
    let mut tried = 0;
    for entry in op::catalogue() {
        let schema = (entry.argument_schema)();
        let fields = schema.get("properties").and_then(Value::as_object);
        for (name, field) in fields.into_iter().flatten() {
            if field["format"] != "message-id" {
                continue;
            }
            let mut arguments = app::sample(entry, "3EB0AA");
            assert!((entry.facts)(arguments.clone()).is_ok(), "{}", entry.name);
            let chat = arguments["chat"].as_str().unwrap().to_owned();
            // WAHA takes the first part for `false` whatever it says, and finds the chat behind it.
            for (id, why) in [
                ("false_15559990001@c.us_3EB0AA".to_owned(), "names the chat"),
                (
                    "x_15559990001@c.us_3EB0AA".to_owned(),
                    "is not a message id",
                ),
                ("_15559990001@c.us_3EB0AA".to_owned(), "is not a message id"),
                (
                    "False_15559990001@c.us_3EB0AA".to_owned(),
                    "is not a message id",
                ),
                (
                    format!("true_{chat}_15559990001@c.us_3EB0AA"),
                    "is not a message id",
                ),
                (format!("x_{chat}_3EB0AA"), "is not a message id"),
                (
                    "15559990001@c.us".to_owned(),
                    "is a person id, not a message id",
                ),
            ] {
                arguments[name] = json!(id);
                let refused = (entry.facts)(arguments.clone()).expect_err(entry.name);
                let refused = refused.to_string();
                assert!(
                    refused.contains(why),
                    "{}.{name} {id}: {refused}",
                    entry.name
                );
            }
            arguments[name] = json!(format!("true_{chat}_3EB0AA"));
            let facts = (entry.facts)(arguments.clone()).unwrap();
            assert_eq!(facts.arguments[name], arguments[name], "{}", entry.name);
            tried += 1;
        }
    }
    assert!(tried > 15, "{tried}");
}

#[test]
fn what_can_contain_messages_counts_them() {
    for entry in op::catalogue() {
        let facts = (entry.facts)(app::sample(entry, "3EB0AA")).unwrap();
        let reads_a_chat = facts.targets.of(TargetRole::Source).next().is_some();
        if reads_a_chat && entry.risk == Risk::Read {
            assert!(facts.reads > 0, "{} reads a chat", entry.name);
        }
        let schema = (entry.schemas)().output;
        let messages = ["messages", "last_message"];
        let has = |schema: &Value, name| schema["properties"].get(name).is_some();
        let output = Value::Object((*schema).clone());
        let chats = &output["properties"]["chats"]["items"];
        if messages
            .iter()
            .any(|name| has(&output, name) || has(chats, name))
        {
            assert!(facts.reads > 0, "{} returns messages", entry.name);
        }
    }
}

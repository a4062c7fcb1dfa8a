//! Each chat, group and person that an argument names is a target. The expectation comes
//! from the schemas of the arguments.

use serde_json::{Value, json};
use whatsapp_guard::op::{self, ChatId, Entry, Risk, TargetRole};

use crate::app;

/// What a call means for a chat or person that an argument names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// It is no target: a filter of a chat that is the source, or this account's own number.
    NoTarget,
    /// Nobody there notices the call.
    Nothing,
    /// Its messages are read.
    Read,
    /// It receives something.
    Receives,
    /// Those in it notice the call.
    Notices,
    /// The call names the person to others, or takes the person out.
    Named,
}

use Reach::{Named, NoTarget, Nothing, Notices, Read, Receives};

/// Each argument that names a chat, a group or a person. A new one has to be listed.
const REACH: &[(&str, Reach)] = &[
    ("add_group_members.group", Notices),
    ("add_group_members.people", Receives),
    ("archive_chat.chat", Nothing),
    ("block_contact.person", Nothing),
    ("check_number.number", Nothing),
    ("clear_chat.chat", Nothing),
    ("create_group.people", Receives),
    ("delete_chat.chat", Nothing),
    ("delete_group_picture.group", Notices),
    ("delete_message.chat", Notices),
    ("demote_group_admin.group", Notices),
    ("demote_group_admin.people", Notices),
    ("download_media.chat", Read),
    ("edit_message.chat", Receives),
    ("forward_message.chat", Read),
    ("forward_message.to", Receives),
    ("get_chat.chat", Read),
    ("get_contact.person", Nothing),
    ("get_group.group", Nothing),
    ("get_group_invite.group", Nothing),
    ("get_message.chat", Read),
    ("get_picture.chat", Nothing),
    ("get_presence.chat", Nothing),
    ("leave_group.group", Notices),
    ("list_group_members.group", Nothing),
    ("list_messages.chat", Read),
    ("list_messages.from", NoTarget),
    ("mark_chat_read.chat", Notices),
    ("mark_chat_unread.chat", Nothing),
    ("open_session.phone_number", NoTarget),
    ("pin_message.chat", Notices),
    ("promote_group_admin.group", Notices),
    ("promote_group_admin.people", Notices),
    ("react.chat", Receives),
    ("remove_group_members.group", Notices),
    ("remove_group_members.people", Named),
    ("revoke_group_invite.group", Nothing),
    ("send_contact.chat", Receives),
    ("send_contact.number", Named),
    ("send_location.chat", Receives),
    ("send_media.chat", Receives),
    ("send_message.chat", Receives),
    ("send_message.mentions", Notices),
    ("send_poll.chat", Receives),
    ("send_voice.chat", Receives),
    ("set_group_description.group", Receives),
    ("set_group_permissions.group", Notices),
    ("set_group_picture.group", Receives),
    ("set_group_subject.group", Receives),
    ("set_presence.chat", Notices),
    ("star_message.chat", Nothing),
    ("subscribe_presence.chat", Nothing),
    ("unarchive_chat.chat", Nothing),
    ("unblock_contact.person", Nothing),
    ("unpin_message.chat", Notices),
    ("unstar_message.chat", Nothing),
];

/// What a call means for what this argument of a tool names.
pub fn reach(entry: &Entry, argument: &str) -> Reach {
    let name = format!("{}.{argument}", entry.name);
    let listed = REACH.iter().find(|(listed, _)| *listed == name);
    let (_, reach) = listed.unwrap_or_else(|| panic!("say in REACH whom `{name}` reaches"));
    *reach
}

/// Arguments of a tool that name a chat, a group or a person: name, value and chat.
pub fn named(entry: &Entry) -> Vec<(String, Value, ChatId)> {
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
        TargetRole::Noticing,
        TargetRole::Named,
    ];
    let roles = all
        .into_iter()
        .filter(|role| targets.of(*role).any(|one| one == chat));
    roles.collect()
}

/// Whether a call with sample arguments reaches somebody.
pub fn reaches_somebody(entry: &Entry) -> bool {
    let sample = app::sample(entry, "3EB0AA");
    let reaches = |name: &str| matches!(reach(entry, name), Receives | Notices);
    named(entry)
        .iter()
        .any(|(name, ..)| sample.get(name).is_some() && reaches(name))
}

#[test]
fn each_chat_group_and_person_is_a_target_in_its_role() {
    let mut known = Vec::new();
    for entry in op::catalogue() {
        for (name, value, chat) in named(entry) {
            let roles = roles(entry, &name, &value, &chat);
            let wanted: &[TargetRole] = match reach(entry, &name) {
                NoTarget => &[],
                Nothing => &[TargetRole::Subject],
                Read => &[TargetRole::Source],
                Receives => &[TargetRole::Recipient],
                Notices => &[TargetRole::Noticing],
                Named => &[TargetRole::Named],
            };
            assert_eq!(roles, wanted, "{}.{name}", entry.name);
            known.push(format!("{}.{name}", entry.name));
        }
    }
    for (listed, _) in REACH {
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

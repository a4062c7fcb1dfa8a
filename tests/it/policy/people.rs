//! One person is one person, in whatever spelling a call names them.

use std::time::Duration;

use serde_json::{Value, json};
use whatsapp_guard::{
    op::{self, ChatId, Identities, PersonId, Risk},
    toolset::Resolved,
};
use wiremock::{
    Mock, MockServer, Request, ResponseTemplate,
    matchers::{method, path_regex},
};

use crate::app::{
    self, code,
    command::run,
    gate::{GateFixture, open},
    working_waha::answer_the_rest,
};
use crate::op::targets::{Reach, named, reach};

/// Numbers with and without the digit that WhatsApp writes for some accounts and not for
/// others: Brazil's ninth digit, Mexico's 1, Argentina's 9.
const PAIRS: [[&str; 2]; 4] = [
    ["5511987654321", "551187654321"],
    ["5531976543210", "553176543210"],
    ["5215512345678", "525512345678"],
    ["5491123456789", "541123456789"],
];

/// Numbers that look alike and are of two people.
const STRANGERS: [[&str; 2]; 4] = [
    // A fixed line has no ninth digit.
    ["5511932654321", "551132654321"],
    ["15215512345678", "15255123456"],
    ["4911987654321", "491187654321"],
    ["5511987654321", "5521987654321"],
];

fn to(chat: &str, text: &str) -> Value {
    json!({ "chat": chat, "text": text })
}

/// An API that sends, and says so about whatever chat it was given.
async fn api() -> MockServer {
    let mock = MockServer::start().await;
    answer_the_rest(&mock).await;
    mock
}

#[test]
fn numbers_of_one_person_are_one_entry_of_a_list() {
    let says = |rules: &str, chat: &str| {
        GateFixture::new(&open(rules)).verdict("send_message", &to(chat, "hi"))
    };
    for [one, other] in PAIRS {
        for (listed, called) in [(one, other), (other, one), (one, one)] {
            let deny = format!("[recipients]\ndeny = [\"+{listed}\"]\n");
            let allow =
                format!("[recipients]\nallow = [\"@us\"]\n[lists]\nus = [\"{listed}@c.us\"]\n");
            for called in [called.to_owned(), format!("{called}:3@s.whatsapp.net")] {
                assert_eq!(
                    says(&deny, &called),
                    "recipient-denied",
                    "{listed} {called}"
                );
                assert_eq!(says(&allow, &called), "allowed", "{listed} {called}");
            }
        }
    }
    for [one, other] in STRANGERS {
        let deny = format!("[recipients]\ndeny = [\"+{one}\"]\n");
        assert_eq!(says(&deny, other), "allowed", "{one} {other}");
    }
}

#[test]
fn conditions_compare_people_in_every_spelling() {
    for [one, other] in PAIRS {
        for (listed, called) in [(one, other), (other, one)] {
            let rules = format!(
                "[[tools.send_message]]\naction = \"deny\"\n\
                 when = [{{ arg = \"chat\", op = \"in\", value = [\"+{listed}\"] }}]\n"
            );
            let gate = GateFixture::new(&open(&rules));
            let said = gate.verdict("send_message", &to(called, "hi"));
            assert_eq!(said, "denied-by-rule", "{listed} {called}");
        }
    }
}

#[tokio::test]
async fn one_person_is_counted_and_written_to_once() {
    let rules = open(
        "[tools.send_message]\nlimits = [{ max = 1, window = \"hour\", scope = \"chat\" }]\n\
         [recipients]\nnew = { action = \"allow\", max = 4, window = \"day\" }\n",
    );
    let mock = api().await;
    let mut app = app::waha(&mock).policy(&rules).start().await;
    for [one, other] in PAIRS {
        let sent = app.call("send_message", to(one, "hello")).await;
        assert_eq!(sent["isError"], false, "{one}: {sent}");
        let again = app.call("send_message", to(other, "hello")).await;
        assert_eq!(again["structuredContent"]["repeated"], true, "{again}");
        let refused = app.call("send_message", to(other, "more")).await;
        assert_eq!(code(&refused), "rate-limited", "{other}: {refused}");
    }
    // The API gets the spelling of the call: it may know no other.
    let requests = mock.received_requests().await.unwrap();
    let sent = requests
        .iter()
        .filter(|one| one.url.path() == "/api/sendText");
    let chats: Vec<String> = sent
        .map(|one| {
            one.body_json::<Value>().unwrap()["chatId"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert_eq!(chats, PAIRS.map(|[one, _]| format!("{one}@c.us")));
}

#[test]
fn whoever_has_no_number_may_be_anybody() {
    let says = |rules: &str, chat: &str| {
        GateFixture::new(&open(rules)).verdict("send_message", &to(chat, "hi"))
    };
    for nameless in [
        "anna.b@c.us",
        "US.13491208655302741918",
        "BR.ENT.118157@s.whatsapp.net",
    ] {
        let listed = |rule: &str, who: &str| format!("[recipients]\n{rule} = [\"{who}\"]\n");
        assert_eq!(
            says(&listed("allow", "+15552220001"), nameless),
            "recipient-unlisted"
        );
        assert_eq!(
            says(&listed("deny", "+15552220001"), nameless),
            "recipient-denied"
        );
        assert_eq!(says(&listed("deny", "group:*"), nameless), "allowed");
        assert_eq!(says(&listed("allow", nameless), nameless), "allowed");
        assert_eq!(
            says(
                &listed("allow", &nameless.to_lowercase().replace("us.1", "US.1")),
                nameless
            ),
            "allowed"
        );
    }
}

/// A person with a number that has two spellings, and a hidden identity.
const DENIED: &str = "+55 11 98765-4321";
const HIDDEN: &str = "777000111222@lid";
const SPELLINGS: [&str; 8] = [
    "+5511987654321",
    "0055 (11) 98765.4321",
    "551187654321",
    "5511987654321@c.us",
    "551187654321@c.us",
    "551187654321:7@s.whatsapp.net",
    "5511987654321@s.whatsapp.net",
    HIDDEN,
];

/// The verdict on each call of the catalogue that names this person in one argument.
fn matrix(gate: &GateFixture, person: &str, check: impl Fn(Reach, Risk, &str, &str)) {
    for entry in op::catalogue() {
        for (name, sample, chat) in named(entry) {
            let schema = (entry.argument_schema)();
            let field = &schema["properties"][&name];
            let format = field["format"]
                .as_str()
                .or_else(|| field["items"]["format"].as_str());
            let is_number = format == Some("phone-number");
            if !matches!(chat, ChatId::Person(_)) || is_number && person.contains('@') {
                continue;
            }
            let mut arguments = app::sample(entry, "3EB0AA");
            arguments[&name] = match sample {
                Value::Array(_) => json!([person]),
                _ => json!(person),
            };
            if entry.name == "set_presence" {
                arguments["presence"] = json!("typing");
            }
            // Questions and limits of before are forgotten.
            gate.hand.advance(Duration::from_secs(3600));
            let said = gate.verdict(entry.name, &arguments);
            check(
                reach(entry, &name),
                entry.risk,
                said,
                &format!("{}.{name} {person}", entry.name),
            );
        }
    }
}

#[test]
fn a_denied_person_is_reached_by_no_tool_in_no_spelling() {
    let identified = || {
        let mut identities = Identities::default();
        let [hidden, number] = [HIDDEN, "551187654321@c.us"].map(|id| PersonId::parse(id).unwrap());
        identities.learn(hidden, number);
        Resolved {
            identities,
            ..Resolved::default()
        }
    };
    for denied in [DENIED, "551187654321@c.us", HIDDEN] {
        let gate = GateFixture::new(&open(&format!("[recipients]\ndeny = [\"{denied}\"]\n")));
        gate.apply(identified());
        for person in SPELLINGS {
            matrix(&gate, person, |reach, risk, said, call| match reach {
                Reach::Receives | Reach::Notices | Reach::Named => {
                    assert_eq!(said, "recipient-denied", "{call}");
                }
                Reach::Nothing | Reach::Read | Reach::NoTarget if risk == Risk::Read => {
                    assert_eq!(said, "allowed", "{call}");
                }
                Reach::Nothing | Reach::Read | Reach::NoTarget => {
                    assert!(
                        ["allowed", "asked", "again"].contains(&said),
                        "{call}: {said}"
                    );
                }
            });
        }
    }
    // Nor is whoever is on no list.
    let gate = GateFixture::new(&open(
        "[recipients]\nallow = [\"group:*\", \"+15552220001\"]\n",
    ));
    gate.apply(identified());
    for person in SPELLINGS {
        matrix(&gate, person, |reach, _, said, call| match reach {
            Reach::Receives | Reach::Notices => assert_eq!(said, "recipient-unlisted", "{call}"),
            _ => assert!(
                ["allowed", "asked", "again"].contains(&said),
                "{call}: {said}"
            ),
        });
    }
}

#[test]
fn a_denied_id_that_cannot_be_looked_up_stops_the_start() {
    let waha = [
        ("WAHA_BASE_URL", "http://127.0.0.1:9"),
        ("WAHA_API_KEY", "x"),
    ];
    let green = [
        ("GREENAPI_ID_INSTANCE", "7103000000"),
        ("GREENAPI_API_TOKEN", "x"),
    ];
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("policy.toml");
    for (variables, rule, starts) in [
        (waha, "[recipients]\ndeny = [\"777@lid\"]\n", true),
        (waha, "[recipients]\ndeny = [\"anna.b@c.us\"]\n", false),
        (
            waha,
            "[read]\nchats = { deny = [\"US.13491208@lid\"] }\n",
            false,
        ),
        (green, "[recipients]\ndeny = [\"+15552220001\"]\n", true),
        (green, "[recipients]\nallow = [\"777@lid\"]\n", true),
        (
            green,
            "[recipients]\ndeny = [\"@bad\"]\n[lists]\nbad = [\"777@lid\"]\n",
            false,
        ),
        (
            green,
            "[grants.local.recipients]\ndeny = [\"777@lid\"]\n",
            false,
        ),
    ] {
        std::fs::write(&file, format!("version = \"1\"\n{rule}")).unwrap();
        let ran = run(&["serve", "--policy", file.to_str().unwrap()], &variables);
        assert_eq!(ran.code, if starts { 0 } else { 2 }, "{rule} {}", ran.err);
        for part in ["unresolvable-id", "policy.toml:3:", "list the phone number"] {
            assert_eq!(
                ran.err.contains(part),
                !starts,
                "{part}: {rule} {}",
                ran.err
            );
        }
    }
}

#[tokio::test]
async fn each_of_many_denied_ids_is_looked_up_before_a_call_is_decided() {
    let ids: Vec<String> = (0..70)
        .map(|one| format!("\"777000{one:02}@lid\""))
        .collect();
    let rules = open(&format!("[recipients]\ndeny = [{}]\n", ids.join(", ")));
    for (known, other) in [(true, "sent"), (false, "recipient-denied")] {
        let mock = MockServer::start().await;
        Mock::given(method("GET"))
            .and(path_regex("^/api/default/lids/777000"))
            .respond_with(move |request: &Request| {
                let hidden = request
                    .url
                    .path()
                    .rsplit('/')
                    .next()
                    .unwrap()
                    .replace("%40", "@");
                let end = &hidden["777000".len()..][..2];
                // The last one is found or is not.
                let number = (known || end != "69").then(|| format!("155522200{end}@c.us"));
                ResponseTemplate::new(200).set_body_json(json!({ "lid": hidden, "pn": number }))
            })
            .expect(70)
            .mount(&mock)
            .await;
        Mock::given(method("POST"))
            .respond_with(
                ResponseTemplate::new(200)
                    .set_body_json(json!({ "id": "true_15552223333@c.us_3EB0AA", "ack": 1 })),
            )
            .mount(&mock)
            .await;
        let working =
            json!({ "name": "default", "status": "WORKING", "me": { "id": "15550001111@c.us" } });
        Mock::given(method("GET"))
            .and(path_regex("^/api/sessions/"))
            .respond_with(ResponseTemplate::new(200).set_body_json(working))
            .mount(&mock)
            .await;
        let mut app = app::waha(&mock).policy(&rules).start().await;
        let result = app.call("send_message", to("+15552223333", "hi")).await;
        let outcome = match result["isError"] == true {
            true => code(&result),
            false => "sent",
        };
        assert_eq!(outcome, other, "{result}");
        let denied = app.call("send_message", to("+15552220069", "hi")).await;
        assert_eq!(code(&denied), "recipient-denied");
        let denied = app.call("send_message", to("+15552220068", "hi")).await;
        assert_eq!(code(&denied), "recipient-denied");
    }
}

//! People by their names in the account's own address book.

use std::time::Duration;

use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{method, path},
};

use crate::app::{
    self,
    command::{run, run_with_files},
    gate::open,
    working_waha::{answer_the_rest, send},
};

const ANNA: &str = "15552220001@c.us";
const BOB: &str = "15552220002@c.us";
const GROUP: &str = "120363000000000001@g.us";
const HIDDEN: &str = "777000111222@lid";

fn rules(rule: &str, name: &str) -> String {
    open(&format!("[recipients]\n{rule} = [\"contact:{name}\"]\n"))
}

/// A WAHA server that sends, with these address books, one after the other.
async fn api(books: Vec<ResponseTemplate>) -> MockServer {
    let mock = MockServer::start().await;
    let last = books.len().saturating_sub(1);
    for (index, book) in books.into_iter().enumerate() {
        let listed = Mock::given(method("GET"))
            .and(path("/api/contacts/all"))
            .respond_with(book);
        match index == last {
            true => listed.mount(&mock).await,
            false => listed.up_to_n_times(1).mount(&mock).await,
        }
    }
    Mock::given(method("GET"))
        .and(path("/api/default/lids/777000111222@lid"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({ "lid": HIDDEN, "pn": BOB })))
        .mount(&mock)
        .await;
    answer_the_rest(&mock).await;
    mock
}

fn book(contacts: Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(contacts)
}

#[tokio::test]
async fn a_contact_is_who_the_address_book_calls_so() {
    for (contacts, meant) in [
        (
            json!([{ "id": ANNA, "name": " ANNA\u{200b} " }, { "id": BOB, "name": "Bob" }]),
            vec![ANNA],
        ),
        // What people call themselves is no name of the address book.
        (
            json!([{ "id": ANNA, "name": "A", "pushname": "Anna" }, { "id": BOB, "name": "B" }]),
            vec![],
        ),
        (
            json!([{ "id": ANNA, "pushname": "Anna", "shortName": "Anna" }, { "id": BOB, "name": "B" }]),
            vec![],
        ),
        (
            json!([{ "id": ANNA, "name": "Anna", "isMyContact": false }, { "id": BOB, "name": "Anna", "isMyContact": true }]),
            vec![BOB],
        ),
        // Both of one name are meant.
        (
            json!([{ "id": ANNA, "name": "Anna" }, { "id": BOB, "name": "anna" }]),
            vec![ANNA, BOB],
        ),
        // Who is listed by a hidden id is looked up.
        (json!([{ "id": HIDDEN, "name": "Anna" }]), vec![BOB]),
        (
            json!([{ "id": BOB, "lid": "888000111222@lid", "name": "Anna" }]),
            vec![BOB],
        ),
    ] {
        let mock = api(vec![book(contacts.clone())]).await;
        let mut app = app::waha(&mock)
            .policy(&rules("deny", "Anna"))
            .start()
            .await;
        for chat in [ANNA, BOB] {
            let expected = match meant.contains(&chat) {
                true => "recipient-denied",
                false => "sent",
            };
            assert_eq!(
                send(&mut app, chat, "one").await,
                expected,
                "{chat} {contacts}"
            );
        }
        assert_eq!(send(&mut app, GROUP, "one").await, "sent", "{contacts}");
        app.server.replace(app::policy(&rules("allow", "Anna")));
        for chat in [ANNA, BOB, GROUP] {
            let expected = match meant.contains(&chat) {
                true => "sent",
                false => "recipient-unlisted",
            };
            assert_eq!(
                send(&mut app, chat, "two").await,
                expected,
                "{chat} {contacts}"
            );
        }
    }
}

#[tokio::test]
async fn an_address_book_that_is_not_known_refuses_and_is_looked_up_again() {
    for unknown in [
        ResponseTemplate::new(400),
        ResponseTemplate::new(500),
        ResponseTemplate::new(200),
        book(json!([])),
        book(json!({ "error": "x" })),
    ] {
        let mock = api(vec![unknown, book(json!([{ "id": ANNA, "name": "Anna" }]))]).await;
        let mut app = app::waha(&mock)
            .policy(&rules("deny", "Anna"))
            .start()
            .await;
        assert_eq!(send(&mut app, BOB, "one").await, "recipient-denied");
        app.server.replace(app::policy(&rules("allow", "Anna")));
        assert_eq!(send(&mut app, ANNA, "one").await, "recipient-unlisted");
        app.hand.advance(Duration::from_secs(60));
        assert_eq!(send(&mut app, ANNA, "two").await, "sent");
        app.server.replace(app::policy(&rules("deny", "Anna")));
        assert_eq!(send(&mut app, BOB, "two").await, "sent");
    }
}

#[tokio::test]
async fn a_large_address_book_is_read_to_its_end() {
    let page = |from: usize| {
        let people = (from..from + 5000)
            .map(|one| json!({ "id": format!("1555{one:07}@c.us"), "name": "x" }));
        book(people.collect())
    };
    let mock = api(vec![page(0), book(json!([{ "id": ANNA, "name": "Anna" }]))]).await;
    let mut app = app::waha(&mock)
        .policy(&rules("deny", "Anna"))
        .start()
        .await;
    assert_eq!(send(&mut app, ANNA, "one").await, "recipient-denied");
    assert_eq!(send(&mut app, BOB, "one").await, "sent");
}

#[tokio::test]
async fn green_api_has_the_address_book_s_names_in_contact_name() {
    let mock = MockServer::start().await;
    let contacts = json!([
        { "id": ANNA, "name": "Me", "contactName": "Anna", "type": "user" },
        { "id": BOB, "name": "Anna", "contactName": "", "type": "user" },
    ]);
    Mock::given(method("GET"))
        .and(path(format!(
            "/waInstance7103000000/getContacts/{}",
            app::SECRET
        )))
        .respond_with(book(contacts))
        .mount(&mock)
        .await;
    Mock::given(method("POST"))
        .respond_with(book(json!({ "idMessage": "3EB0AA" })))
        .mount(&mock)
        .await;
    let mut app = app::green_api(&mock)
        .policy(&rules("deny", "Anna"))
        .start()
        .await;
    assert_eq!(send(&mut app, ANNA, "one").await, "recipient-denied");
    assert_eq!(send(&mut app, BOB, "one").await, "sent");
}

#[tokio::test]
async fn a_name_that_nobody_has_is_a_warning() {
    let mock = api(vec![book(json!([{ "id": ANNA, "name": "ANNA" }]))]).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("policy.toml");
    let text = "version = \"1\"\n[recipients]\nallow = [\"contact:Anna\", \"contact:Amna\"]\n";
    std::fs::write(&file, text).unwrap();
    let file = file.to_str().unwrap();
    let address = mock.uri();
    let variables = [("WAHA_BASE_URL", &*address), ("WAHA_API_KEY", "x")];
    for command in [["check", "--live"], ["doctor", "--json"]] {
        let arguments = [&command[..], &["--policy", file]].concat();
        let ran = run(&arguments, &variables);
        assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
        assert!(
            ran.out
                .contains("no contact in the address book is called `Amna`"),
            "{}",
            ran.out
        );
        assert!(!ran.out.contains("called `Anna`"), "{}", ran.out);
    }
}

#[test]
fn the_commands_know_contacts() {
    let policy = "version = \"1\"\ndefault = \"allow\"\n[lists]\nus = [\"contact:Anna\"]\n\
                  [recipients]\nallow = [\"@us\"]\ndeny = [\"contact:Bob\"]\n";
    let case = |chat: &str, contacts: &str, expect: &str| {
        format!(
            "[[case]]\nname = \"{chat}\"\ntool = \"send_message\"\n\
             args = {{ chat = \"{chat}\", text = \"Hi\" }}\n{contacts}\nexpect = \"{expect}\"\n"
        )
    };
    let book = "contacts = { Anna = \"+15552220001\", bob = \"15552220002@c.us\" }";
    let cases = [
        case(ANNA, book, "allow"),
        case(BOB, &format!("{book}\ncode = \"recipient-denied\""), "deny"),
        case(
            "+15552220003",
            &format!("{book}\ncode = \"recipient-unlisted\""),
            "deny",
        ),
        case("+15552220003", "code = \"recipient-denied\"", "deny"),
    ]
    .concat();
    let files = [("policy.toml", policy), ("cases.toml", &*cases)];
    let ran = run_with_files(&files, &["test", "cases.toml", "--policy", "policy.toml"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    let send = "{\"chat\": \"+15552220001\", \"text\": \"Hi\"}";
    let ran = run_with_files(
        &files,
        &["explain", "send_message", send, "--policy", "policy.toml"],
    );
    assert!(
        ran.out
            .contains("the address book: a server asks the API who is `Anna`, `Bob`"),
        "{}",
        ran.out
    );
    for (old, new, code) in [
        ("\"contact:Anna\"", "\"contact:Ana\"", 1),
        ("\"contact:Anna\"", "\"contact:ANNA\"", 0),
    ] {
        let other = policy.replace(old, new);
        let files = [("old.toml", policy), ("new.toml", &*other)];
        let ran = run_with_files(&files, &["diff", "old.toml", "new.toml"]);
        assert_eq!(ran.code, code, "{}{}", ran.out, ran.err);
        assert_eq!(
            ran.out.contains("the contact `Ana`"),
            code == 1,
            "{}",
            ran.out
        );
    }
    let wrong = policy.replace("contact:Anna", "Contact:Anna");
    let ran = run_with_files(&[("p.toml", &*wrong)], &["check", "p.toml"]);
    assert!(
        ran.err.contains("write \"contact:Anna\""),
        "{}{}",
        ran.out,
        ran.err
    );
}

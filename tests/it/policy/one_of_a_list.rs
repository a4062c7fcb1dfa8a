//! What a condition on a list means where it refuses, asks and requires.

use serde_json::json;

use crate::app::gate::GateFixture;

const BOB: &str = "15552220001@c.us";
const CAROL: &str = "15552220002@c.us";
const DAVE: &str = "15552220003@c.us";

fn verdict(rule: &str, people: &[&str]) -> &'static str {
    let text = format!("version = \"1\"\ndefault = \"allow\"\n[tools.create_group]\n{rule}\n");
    let fixture = GateFixture::new(&text);
    fixture.verdict("create_group", &json!({ "name": "x", "people": people }))
}

#[test]
fn refusing_one_person_refuses_every_list_with_them() {
    for (op, value) in [
        ("eq", format!("{BOB:?}")),
        ("in", format!("[{BOB:?}]")),
        ("contains", format!("{BOB:?}")),
        ("matches", "\"^15552220001@\"".to_owned()),
        ("not_in", format!("[{CAROL:?}, {DAVE:?}]")),
        ("neq", format!("{CAROL:?}")),
    ] {
        for (action, refused) in [("deny", "denied-by-rule"), ("confirm", "asked")] {
            let rule = |each: &str| {
                format!(
                    "action = \"{action}\"\nwhen = [{{ arg = \"people\", op = \"{op}\", value = {value}{each} }}]"
                )
            };
            for people in [&[BOB][..], &[BOB, CAROL], &[CAROL, BOB]] {
                assert_eq!(
                    verdict(&rule(""), people),
                    refused,
                    "{op} {action} {people:?}"
                );
            }
            assert_eq!(verdict(&rule(""), &[CAROL]), "allowed", "{op} {action}");
            if op != "contains" {
                let all = rule(", each = \"all\"");
                assert_eq!(verdict(&all, &[BOB, CAROL]), "allowed", "{op} {action}");
            }
        }
    }
}

#[test]
fn a_requirement_is_for_every_entry() {
    let rule = |each: &str| {
        format!("when = [{{ arg = \"people\", op = \"in\", value = [{BOB:?}, {CAROL:?}]{each} }}]")
    };
    assert_eq!(verdict(&rule(""), &[BOB, CAROL]), "allowed");
    assert_eq!(verdict(&rule(""), &[BOB, DAVE]), "condition-not-met");
    assert_eq!(verdict(&rule(", each = \"any\""), &[BOB, DAVE]), "allowed");
}

#[test]
fn a_question_says_which_entries_it_is_about() {
    let text = format!(
        "version = \"1\"\n[[tools.create_group]]\n[[tools.create_group]]\naction = \"deny\"\n\
         when = [{{ arg = \"people\", op = \"in\", value = [{BOB:?}] }}]\n"
    );
    let open = "version = \"1\"\n[[tools.create_group]]\n";
    let (strict, open) = (
        crate::app::gate::policy(&text),
        crate::app::gate::policy(open),
    );
    let changes = format!("{:?}", strict.changes(&open));
    assert!(!changes.contains("each entry"), "{changes}");
}

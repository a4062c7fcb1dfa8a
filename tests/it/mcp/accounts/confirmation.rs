//! A confirmation is for one account.

use super::*;

#[tokio::test]
async fn an_approval_is_good_for_no_other_account() {
    let mut app = sandboxes().era(Era::Modern).start().await;
    let mut params = json!({
        "name": "leave_group", "arguments": { "account": "work", "group": FLATMATES },
    });
    let asked = app.call_once(params.clone()).await;
    let state = &asked["result"]["requestState"];
    assert!(state.is_string(), "{asked}");
    let question = &asked["result"]["inputRequests"]["confirm"]["params"];
    assert!(app::shown(question).contains("On the WhatsApp account `work`.\n"));
    params["requestState"] = state.clone();
    params["inputResponses"] = json!({ "confirm": yes() });
    params["arguments"]["account"] = "home".into();
    let refused = app.call_once(params.clone()).await;
    assert_eq!(error_code(&refused), "approval-invalid");
    assert_eq!(app.audit().last().unwrap()["account"], "home");
    // It was not used up by that.
    params["arguments"]["account"] = "work".into();
    let line = {
        app.call_once(params).await;
        app.audit().pop().unwrap()
    };
    assert_eq!(
        (&line["account"], &line["code"]),
        (&json!("work"), &json!("confirmed"))
    );
}

#[tokio::test]
async fn a_person_is_told_which_account_it_is_about() {
    let mut app = sandboxes().person(Person::Declines).start().await;
    let arguments = json!({ "account": "home", "group": FLATMATES });
    let refused = app.call("leave_group", arguments).await;
    assert_eq!(code(&refused), "declined");
    let question = app::shown(&app.questions[0]);
    assert!(
        question.contains("On the WhatsApp account `home`.\n"),
        "{question}"
    );
    let mut alone = app::sandbox().person(Person::Declines).start().await;
    alone
        .call("leave_group", json!({ "group": FLATMATES }))
        .await;
    let question = app::shown(&alone.questions[0]);
    assert!(!question.contains("account `"), "{question}");
}

#[tokio::test]
async fn a_yes_does_not_outlive_the_right_to_the_account() {
    let without = with("").replace("[\"work\", \"home\"]", "[\"work\", \"boss\"]");
    let mut app = sandboxes().start().await;
    let arguments = json!({ "account": "home", "group": FLATMATES });
    let params = json!({ "name": "leave_group", "arguments": arguments });
    let call = app.begin("tools/call", params).await;
    let question = app.receive().await;
    assert_eq!(question["method"], "elicitation/create", "{question}");
    app.server.replace(policy(&without));
    let answer = json!({ "jsonrpc": "2.0", "id": question["id"], "result": yes() });
    app.send(&answer).await;
    let answer = app.end(call).await;
    assert_eq!(code(&answer["result"]), "account-not-allowed", "{answer}");
}

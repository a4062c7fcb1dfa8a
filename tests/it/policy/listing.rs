//! Which tools are listed.

use serde_json::json;

use crate::app::{self, BOTH, code};

#[tokio::test]
async fn a_tool_that_is_always_refused_is_not_listed() {
    let policy = "version = \"1\"\ndefault = \"deny\"\n\
                  [tools.get_session]\nlimits = [{ max = 1, window = \"day\" }]\n\
                  [tools.send_message]\nwhen = [{ arg = \"text\", op = \"eq\", value = \"Hi\" }]\n\
                  [tools.list_chats]\naction = \"deny\"\nreason = \"private\"\n\
                  [[tools.list_groups]]\n[[tools.list_groups]]\naction = \"deny\"\n\
                  when = [{ arg = \"limit\", op = \"gt\", value = 5 }]\n\
                  [recipients]\nallow = [\"+15552220001\"]\n\
                  [hours]\nquiet = \"00:00-24:00\"\nzone = \"UTC\"\n";
    for era in BOTH {
        let mut app = app::sandbox().era(era).policy(policy).start().await;
        // What depends on arguments, limits or the time of day is listed.
        let listed = app.listed().await;
        assert_eq!(listed, ["get_session", "list_groups", "send_message"]);
        // Whoever asks for one all the same is told why not.
        assert_eq!(
            code(&app.call("list_chats", json!({})).await),
            "denied-by-rule"
        );
        assert_eq!(
            code(&app.call("get_profile", json!({})).await),
            "not-admitted"
        );
        let told = app.read("whatsapp://policy").await.to_string();
        assert!(
            told.contains("list_chats (read): refused: private"),
            "{told}"
        );
    }
}

#[tokio::test]
async fn what_passes_in_shadow_mode_is_listed() {
    let policy =
        "version = \"1\"\n[tools.get_session]\naction = \"deny\"\n[mode]\nvalue = \"shadow\"\n";
    let mut app = app::sandbox().policy(policy).start().await;
    let listed = app.listed().await;
    for (tool, shown) in [
        ("list_groups", true),
        ("get_session", true),
        ("leave_group", false),
    ] {
        assert_eq!(listed.contains(&tool.to_owned()), shown, "{tool}");
    }
    assert_eq!(app.call("get_session", json!({})).await["isError"], false);
}

#[tokio::test]
async fn nothing_but_reading_is_listed_where_only_reading_is_allowed() {
    let policy = "version = \"1\"\ndefault = \"allow\"\n[mode]\nread_only = true\n";
    let mut app = app::sandbox().policy(policy).start().await;
    let listed = app.listed().await;
    assert!(listed.contains(&"list_chats".to_owned()));
    assert!(!listed.contains(&"send_message".to_owned()));
}

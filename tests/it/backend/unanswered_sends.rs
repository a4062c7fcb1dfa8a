//! What is sent without an answer is not sent again, whatever it is.

use std::{sync::LazyLock, time::Duration};

use tokio::task::JoinSet;
use whatsapp_guard::{config::Timeouts, op};
use wiremock::ResponseTemplate;

use super::{
    change_answers::is_unknown,
    worlds::{APIS, Api, World, short},
};
use crate::app;

/// The tools of which a repeated call is not sent again.
pub static UNREPEATED: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let sends = op::catalogue().iter().filter(|entry| {
        let facts = (entry.facts)(app::sample(entry, "3EB0AA"));
        facts.unwrap().content.is_some()
    });
    sends.map(|entry| entry.name).collect()
});

/// How often a tool's request was made when no answer to it ever came; `None` where the
/// API does not have the tool.
async fn requests(api: Api, tool: &'static str) -> Option<usize> {
    let timeouts = Timeouts {
        answer: Duration::from_secs(1),
        ..short()
    };
    let mut world = World::open(api, tool, timeouts).await?;
    let never = ResponseTemplate::new(200).set_delay(Duration::from_secs(60));
    let result = world.call(&never).await;
    assert!(is_unknown(&result), "{api:?} {tool}: {result}");
    // Nor when the agent asks again.
    let result = world.call(&never).await;
    let repeated = &result["structuredContent"]["repeated"];
    assert_eq!(*repeated, true, "{api:?} {tool}: {result}");
    Some(world.changes().await)
}

#[tokio::test]
async fn a_send_without_an_answer_is_made_once() {
    assert!(UNREPEATED.len() > 8, "{UNREPEATED:?}");
    let mut running = JoinSet::new();
    for &tool in &*UNREPEATED {
        for api in APIS {
            running.spawn(async move { (tool, requests(api, tool).await) });
        }
    }
    for (tool, made) in running.join_all().await {
        assert!(made.is_none_or(|made| made == 1), "{tool}: {made:?}");
    }
}

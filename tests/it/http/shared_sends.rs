//! Equal sends at several servers that share a Redis: one of them is made.

use whatsapp_guard::{gate::ApprovalKey, ledger::Shared};
use wiremock::{
    Mock, MockServer, Request, ResponseTemplate,
    matchers::{method, path},
};

use super::{shared_state::join_all, *};
use crate::app::{
    Era,
    process::{ServerProcess, serve},
    redis::RedisServer,
};

const ANN: &str = "15552223333@c.us";

/// The servers of one account, behind which stands one API.
struct Cluster {
    redis: RedisServer,
    api: MockServer,
    sites: Vec<HttpServer>,
}

impl Cluster {
    async fn start(servers: usize, policy: &str, answer: ResponseTemplate) -> Self {
        let (redis, api) = (RedisServer::start(), MockServer::start().await);
        Mock::given(method("POST"))
            .and(path("/api/sendText"))
            .respond_with(answer)
            .mount(&api)
            .await;
        let mut sites = Vec::new();
        for _ in 0..servers {
            // Each server has a connection of its own.
            let shared = Shared::at(&redis.url().into(), None).unwrap();
            let config = app::waha_config(&api);
            let ledger = |_| shared.ledger("account");
            sites.push(HttpServer::counting(config, policy, ledger, |gate| gate).await);
        }
        Self { redis, api, sites }
    }

    /// The result of a send at one of the servers.
    async fn send(&self, at: usize, text: &str) -> Value {
        self.send_as(ALICE, at, text).await
    }

    /// The result of a send by whoever has this token.
    async fn send_as(&self, token: &str, at: usize, text: &str) -> Value {
        let arguments = json!({ "chat": ANN, "text": text });
        let call = json!({ "name": "send_message", "arguments": arguments });
        let tool = Some("send_message");
        let (_, answer) = self.sites[at].modern(token, "tools/call", call, tool).await;
        answer["result"].clone()
    }

    /// The texts that the API was asked to send.
    async fn sent(&self) -> Vec<String> {
        sent(&self.api).await
    }

    /// Waits until the API was asked to send this many texts.
    async fn received(&self, sends: usize) {
        received(&self.api, sends).await;
    }

    /// The keys of claims.
    fn claims(&self) -> Vec<String> {
        claims(&self.redis)
    }
}

async fn sent(api: &MockServer) -> Vec<String> {
    let requests = api.received_requests().await.unwrap();
    let posts = requests
        .iter()
        .filter(|one: &&Request| one.url.path() == "/api/sendText");
    let text = |one: &Request| one.body_json::<Value>().unwrap()["text"].to_string();
    posts.map(text).collect()
}

async fn received(api: &MockServer, sends: usize) {
    while sent(api).await.len() < sends {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

fn claims(redis: &RedisServer) -> Vec<String> {
    let keys = redis.command(&["KEYS", "*:claim:*"]);
    let keys = keys.lines().filter(|line| line.starts_with("wg:"));
    keys.map(str::to_owned).collect()
}

fn code(result: &Value) -> &str {
    let code = &result["structuredContent"]["error"]["code"];
    code.as_str().unwrap_or("sent")
}

fn taken() -> ResponseTemplate {
    ResponseTemplate::new(201)
        .set_body_json(json!({ "id": "true_15552223333@c.us_3EB0C7", "ack": 1 }))
}

#[tokio::test]
#[cfg_attr(
    not(has_redis),
    ignore = "needs redis-server in PATH when build.rs runs"
)]
async fn another_server_knows_a_send_in_flight_and_its_answer() {
    let answer = taken().set_delay(Duration::from_millis(500));
    let site = Cluster::start(2, &two(), answer).await;
    let second = async {
        site.received(1).await;
        let at_once = site.send(1, "hi").await;
        assert_eq!(code(&at_once), "under-way", "{at_once}");
        assert!(at_once.to_string().contains("Another server"), "{at_once}");
    };
    let (first, ()) = tokio::join!(site.send(0, "hi"), second);
    let id = &first["structuredContent"]["message"];
    assert!(id.to_string().contains("3EB0C7"), "{first}");
    for server in [1, 0, 1] {
        let again = site.send(server, "hi").await;
        assert_eq!(&again["structuredContent"]["message"], id, "{again}");
        assert_eq!(again["structuredContent"]["repeated"], true);
    }
    assert_eq!(site.sent().await, ["\"hi\""]);
    // No name of a claim says to whom or what.
    let claims = site.claims();
    assert_eq!(claims.len(), 1);
    assert!(!claims[0].contains("15552223333"));
    // After the window the same is another message.
    site.redis.command(&["PEXPIRE", &claims[0], "1"]);
    tokio::time::sleep(Duration::from_millis(5)).await;
    let later = site.send(1, "hi").await;
    assert!(later["structuredContent"]["repeated"].is_null(), "{later}");
    assert_eq!(site.sent().await.len(), 2);
}

#[tokio::test]
#[cfg_attr(
    not(has_redis),
    ignore = "needs redis-server in PATH when build.rs runs"
)]
async fn equal_sends_of_two_grants_are_two() {
    let site = Cluster::start(2, &two(), taken()).await;
    for (server, token) in [ALICE, BOB].into_iter().enumerate() {
        let result = site.send_as(token, server, "hi").await;
        assert_eq!(code(&result), "sent", "{result}");
        assert!(
            result["structuredContent"]["repeated"].is_null(),
            "{result}"
        );
    }
    assert_eq!(site.sent().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(
    not(has_redis),
    ignore = "needs redis-server in PATH when build.rs runs"
)]
async fn equal_sends_at_the_same_moment_make_one_request() {
    const ROUNDS: usize = 25;
    let limits = "[tools.send_message]\nlimits = [{ max = 1000, window = \"hour\" }]\n";
    // In shadow mode beyond its limits a call is not sent twice either.
    let shadow = "[tools.send_message]\nlimits = [{ max = 1, window = \"hour\" }]\n\
                  [mode]\nvalue = \"shadow\"\n";
    for rules in ["", limits, shadow] {
        let policy = format!("{}{rules}", two());
        let site = &Cluster::start(3, &policy, taken()).await;
        for round in 0..ROUNDS {
            let text = round.to_string();
            let sends = (0..6).map(|call| site.send(call % 3, &text));
            let results = join_all(sends).await;
            let mut made = 0;
            for result in &results {
                let repeated = !result["structuredContent"]["repeated"].is_null();
                match code(result) {
                    "sent" => made += usize::from(!repeated),
                    other => assert_eq!(other, "under-way", "{result}"),
                }
            }
            assert_eq!(made, 1, "{results:?}");
        }
        assert_eq!(site.sent().await.len(), ROUNDS, "{rules}");
    }
}

#[tokio::test]
#[cfg_attr(
    not(has_redis),
    ignore = "needs redis-server in PATH when build.rs runs"
)]
async fn another_server_repeats_what_was_refused_and_not_what_is_unknown() {
    let refusal = json!({ "statusCode": 422, "message": "not now" });
    let refusal = ResponseTemplate::new(422).set_body_json(refusal);
    let refused = Cluster::start(2, &two(), refusal).await;
    for server in [0, 1, 0] {
        let result = refused.send(server, "hi").await;
        assert_eq!(code(&result), "backend-refused", "{result}");
    }
    assert_eq!(refused.sent().await.len(), 3);
    assert!(refused.claims().is_empty());
    let unknown = Cluster::start(2, &two(), ResponseTemplate::new(502)).await;
    for server in [0, 1, 0] {
        let result = unknown.send(server, "hi").await;
        assert_eq!(code(&result), "outcome-unknown", "{result}");
    }
    assert_eq!(unknown.sent().await.len(), 1);
}

#[tokio::test]
#[cfg_attr(
    not(has_redis),
    ignore = "needs redis-server in PATH when build.rs runs"
)]
async fn a_refused_or_asked_call_claims_nothing() {
    let rules = "[tools.send_message]\naction = \"confirm\"\n";
    let site = Cluster::start(2, &format!("{}{rules}", two()), taken()).await;
    for server in [0, 1] {
        let asked = site.send(server, "hi").await;
        assert_eq!(asked["resultType"], "input_required", "{asked}");
    }
    assert!(site.claims().is_empty());
    let rules = "[tools.send_message]\nlimits = [{ max = 1, window = \"hour\" }]\n";
    let site = Cluster::start(2, &format!("{}{rules}", two()), taken()).await;
    assert_eq!(code(&site.send(0, "hi").await), "sent");
    assert_eq!(code(&site.send(1, "ho").await), "rate-limited");
    // It was not sent a second time, and takes nothing of the limit.
    let again = site.send(1, "hi").await;
    assert_eq!(again["structuredContent"]["repeated"], true, "{again}");
    assert_eq!(site.claims().len(), 1);
}

#[tokio::test]
#[cfg_attr(
    not(has_redis),
    ignore = "needs redis-server in PATH when build.rs runs"
)]
async fn a_question_is_not_asked_about_what_another_server_sends() {
    let answer = taken().set_delay(Duration::from_secs(60));
    let site = Cluster::start(1, &two(), answer).await;
    let rules = "[tools.send_message]\naction = \"confirm\"\n";
    let shared = Shared::at(&site.redis.url().into(), None).unwrap();
    let asking = HttpServer::counting(
        app::waha_config(&site.api),
        &format!("{}{rules}", two()),
        |_| shared.ledger("account"),
        |gate| gate.sealing_with(ApprovalKey::new(&"7".repeat(64).into(), "account").unwrap()),
    )
    .await;
    let second = async {
        site.received(1).await;
        super::shared_state::code(
            &asking,
            "send_message",
            json!({ "chat": ANN, "text": "hi" }),
        )
        .await
    };
    tokio::select! {
        first = site.send(0, "hi") => panic!("it ended before: {first}"),
        second = second => assert_eq!(second, json!("under-way")),
    }
}

/// A server as a process of its own, over stdio.
fn process(home: &std::path::Path, redis: &RedisServer, api: &MockServer) -> ServerProcess {
    let mut command = serve(home);
    command
        .args(["--state", &redis.url()])
        .env("WAHA_BASE_URL", api.uri())
        .env("WAHA_API_KEY", "secret")
        .env("WHATSAPP_GUARD_APPROVAL_KEY", "7".repeat(64));
    ServerProcess::start(command, Era::Modern)
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(
    not(has_redis),
    ignore = "needs redis-server in PATH when build.rs runs"
)]
async fn what_a_killed_server_was_sending_is_unknown_and_not_sent_again() {
    let (redis, api) = (RedisServer::start(), MockServer::start().await);
    Mock::given(path("/api/sendText"))
        .respond_with(taken().set_delay(Duration::from_secs(60)))
        .mount(&api)
        .await;
    let home = TempDir::new().unwrap();
    let mut killed = process(home.path(), &redis, &api);
    let mut other = process(home.path(), &redis, &api);
    let arguments = json!({ "chat": ANN, "text": "hi" });
    let call = json!({ "name": "send_message", "arguments": arguments });
    killed.begin("tools/call", call);
    received(&api, 1).await;
    assert_eq!(
        other.outcome("send_message", arguments.clone()),
        "under-way"
    );
    // Killed (SIGKILL) in the middle of the call.
    killed.kill();
    assert_eq!(
        other.outcome("send_message", arguments.clone()),
        "under-way"
    );
    // It is no longer than a call may last, and half a minute.
    let claims = claims(&redis);
    let left = redis.command(&["PTTL", &claims[0]]);
    let left: i64 = left[1..].trim_end().parse().unwrap();
    assert!((60_000..200_000).contains(&left), "{left}");
    // As if that time had passed.
    redis.command(&["PEXPIRE", &claims[0], "29000"]);
    let unknown = other.outcome("send_message", arguments.clone());
    assert_eq!(unknown, "outcome-unknown");
    assert_eq!(sent(&api).await.len(), 1);
    redis.command(&["PEXPIRE", &claims[0], "1"]);
    other.begin(
        "tools/call",
        json!({ "name": "send_message", "arguments": arguments }),
    );
    received(&api, 2).await;
}

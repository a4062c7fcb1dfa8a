//! Costs of the guard inside one process.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    unreachable_pub,
    reason = "a benchmark fails by panicking"
)]

mod bare;
mod stub;

use std::{
    hint::black_box,
    sync::Arc,
    time::{Duration, Instant},
};

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, ReadHalf, WriteHalf},
    runtime::Runtime,
    sync::Mutex,
};
use whatsapp_guard::{
    audit::Audit,
    backend::{self, specs},
    clock::Clock,
    config::Config,
    gate::{Caller, Gate, Verdict},
    ledger::{Count, Ledger, Request},
    mcp::{self, Server},
    op::{
        self, Chat, ChatId, ChatList, LastMessage, ListChats, ListMessages, Listed, Message,
        MessageId, MessageList, Output, PersonId, Untrusted,
    },
    policy::{Context, DEFAULT, KnownNames, Policy, ReadChat},
    toolset::{Authority, Toolset},
};

const TOOL: &str = "get_session";

/// The default policy with a limit for reads that is never reached.
fn gate(authority: Authority, clock: &Clock, audit: &Arc<Audit>) -> Gate {
    let raised = DEFAULT.replace("max = 120,", "max = 4000000000,");
    let raised = raised.replace("burst = 120,", "burst = 4000000000,");
    assert!(raised != DEFAULT);
    let policy = Policy::from_toml(specs(), "policy.toml", &raised).unwrap();
    let ledger = Ledger::in_memory(clock.clone());
    Gate::new(authority, policy, clock, audit.clone(), ledger).unwrap()
}

fn toolset(url: &str) -> (Toolset, Authority) {
    let lookup = |name: &str| match name {
        "WAHA_BASE_URL" => Some(url.to_owned()),
        "WAHA_API_KEY" => Some("bench".to_owned()),
        _ => None,
    };
    let config = Config::read(None, specs(), &lookup).unwrap();
    backend::open(&config).unwrap().toolset()
}

fn audit(folder: &TempDir, clock: &Clock) -> Arc<Audit> {
    let path = folder.path().join("audit.jsonl");
    Arc::new(Audit::new(Some(path), clock.clone()).unwrap())
}

fn decisions(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let (clock, _hand) = Clock::manual();
    let (tools, authority) = toolset("http://127.0.0.1:9");
    let gate = Arc::new(gate(authority, &clock, &audit(&folder, &clock)));
    let caller = Caller {
        grant: mcp::LOCAL.into(),
        session: "stdio".into(),
        can_ask: true,
    };
    let prepare = || tools.prepare(TOOL, Map::new()).unwrap();
    let runtime = runtime();
    let allowed = runtime.block_on(gate.authorize(prepare(), &caller));
    assert!(matches!(allowed, Verdict::Permit(_)));

    let mut group = criterion.benchmark_group("decision");
    group.bench_function("authorize", |bencher| {
        bencher.to_async(&runtime).iter_batched(
            prepare,
            |call| gate.authorize(call, &caller),
            BatchSize::SmallInput,
        );
    });
    group.bench_function("prepare and authorize", |bencher| {
        bencher
            .to_async(&runtime)
            .iter(|| gate.authorize(black_box(prepare()), &caller));
    });
    group.finish();
}

fn runtime() -> Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().unwrap()
}

fn calls(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let url = stub::start();
    let runtime = runtime();
    let clock = Clock::real();
    let audit = audit(&folder, &clock);
    let (tools, authority) = toolset(&url);
    let guard = Server::new(tools, gate(authority, &clock, &audit), audit);
    let bare = bare::Bare::new(format!("{url}{}", stub::SESSION));

    let mut group = criterion.benchmark_group("call over a pipe");
    let pipe = runtime.block_on(Pipe::open(|reader, writer| {
        tokio::spawn(mcp::serve(guard, reader, writer));
    }));
    measure(&mut group, "guard", &runtime, pipe);
    let pipe = runtime.block_on(Pipe::open(|reader, writer| {
        tokio::spawn(async move {
            let running = rmcp::serve_server(bare, (reader, writer)).await.unwrap();
            running.waiting().await
        });
    }));
    measure(&mut group, "bare", &runtime, pipe);
    group.finish();
}

type Group<'a> = criterion::BenchmarkGroup<'a, criterion::measurement::WallTime>;

fn measure(group: &mut Group<'_>, name: &str, runtime: &Runtime, pipe: Pipe) {
    let pipe = Mutex::new(pipe);
    group.bench_function(name, |bencher| {
        bencher.to_async(runtime).iter_custom(async |times| {
            let mut pipe = pipe.lock().await;
            let started = Instant::now();
            for _ in 0..times {
                pipe.call().await;
            }
            started.elapsed()
        });
    });
}

/// A JSON-RPC client of a server in the same process.
struct Pipe {
    reader: BufReader<ReadHalf<DuplexStream>>,
    writer: WriteHalf<DuplexStream>,
    line: String,
}

impl Pipe {
    async fn open(serve: impl FnOnce(ReadHalf<DuplexStream>, WriteHalf<DuplexStream>)) -> Self {
        let (near, far) = tokio::io::duplex(1 << 16);
        let (reader, writer) = tokio::io::split(far);
        serve(reader, writer);
        let (reader, writer) = tokio::io::split(near);
        let mut pipe = Self {
            reader: BufReader::new(reader),
            writer,
            line: String::new(),
        };
        let hello = json!({
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": { "name": "bench", "version": "1" },
        });
        pipe.request("initialize", hello).await;
        pipe.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }))
            .await;
        pipe
    }

    async fn call(&mut self) {
        self.request("tools/call", json!({ "name": TOOL, "arguments": {} }))
            .await;
        assert!(self.line.contains("4915112345678"), "{}", self.line);
    }

    async fn request(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }))
            .await;
        self.line.clear();
        self.reader.read_line(&mut self.line).await.unwrap();
    }

    async fn send(&mut self, message: &Value) {
        let line = format!("{message}\n");
        self.writer.write_all(line.as_bytes()).await.unwrap();
    }
}

/// Turns five hundred messages of an API into a page for a model.
fn shaping(c: &mut Criterion) {
    let person = PersonId::parse("15552223333@c.us").unwrap();
    let listed = |number: i64| Listed {
        message: Message {
            from_name: Untrusted::nonempty("Ann \u{202e}"),
            from: person.to_string(),
            at: Timestamp::from_second(1_700_000_000 + number).unwrap(),
            text: Untrusted::nonempty("See you on Sunday at six, and bring the cake."),
            kind: None,
            reply_to: None,
            message: MessageId::parse(&format!("false_15552223333@c.us_{number:020}")).unwrap(),
        },
        writer: Some(person.clone()),
        text: "See you on Sunday at six, and bring the cake.".into(),
    };
    let all: Vec<Listed> = (0..500).map(listed).collect();
    let op = json!({ "chat": "15552223333@c.us", "contains": "cake", "limit": 100 });
    let op: ListMessages = serde_json::from_value(op).unwrap();
    // A server that returns everything unchanged.
    let messages: Vec<Message> = all.iter().map(|listed| listed.message.clone()).collect();
    let raw = serde_json::to_value(&messages).unwrap();
    c.bench_function("shaping/500 messages passed on", |b| {
        b.iter(|| serde_json::to_string(black_box(&raw)).unwrap());
    });
    c.bench_function("shaping/500 messages", |b| {
        b.iter_batched(
            || all.clone(),
            |all| {
                let page = MessageList::page(all, true, &op);
                (serde_json::to_value(&page).unwrap(), page.text())
            },
            BatchSize::SmallInput,
        );
    });
}

/// Five hundred rules for all tools, ten thousand allowed recipients and ten thousand
/// denied ones.
fn large_policy() -> Policy {
    let mut text = String::from("version = \"1\"\n[lists]\n");
    for (list, first) in [("people", 15_550_000_000_u64), ("others", 15_560_000_000)] {
        let numbers: Vec<_> = (first..first + 10_000)
            .map(|number| format!("+{number}"))
            .collect();
        text += &format!("{list} = {numbers:?}\n");
    }
    text += "[recipients]\nallow = [\"group:*\", \"@people\"]\ndeny = [\"@others\"]\n";
    text += "[read]\nchats = { deny = [\"@others\"] }\n";
    text += "[hours]\nquiet = \"22:00-07:00\"\nzone = \"Europe/Berlin\"\n[flow]\ncross_chat = \"confirm\"\n";
    let tools = op::catalogue();
    for number in 0..500 {
        let tool = tools[number % tools.len()].name;
        let when = match tool {
            "send_message" => {
                "when = [{ arg = \"text\", op = \"not_matches\", value = '(?i)\\b(iban|password)\\b' }]\n"
            }
            _ => "",
        };
        text += &format!(
            "[[tools.{tool}]]\naction = \"allow\"\n{when}limits = [{{ max = 9, window = \"day\", counter = \"{number}\" }}]\n"
        );
    }
    Policy::from_toml(specs(), "policy.toml", &text).unwrap()
}

/// A policy decision without the counting of limits.
fn policies(c: &mut Criterion) {
    let policy = large_policy();
    let (tools, _) = toolset("http://127.0.0.1:9");
    let arguments = json!({ "chat": "15550009999@c.us", "text": "See you on Sunday at six, and bring the cake." });
    let call = tools
        .prepare("send_message", arguments.as_object().unwrap().clone())
        .unwrap();
    let groups = KnownNames::default();
    let read = [ReadChat::just_now(
        ChatId::parse("15550009999@c.us").unwrap(),
    )];
    let context = Context {
        grant: mcp::LOCAL,
        now: Some("2026-07-01T12:00:00Z".parse().unwrap()),
        groups: &groups,
        newcomers: &[],
        has_read: &read,
        incoming: &call.facts().incoming,
    };
    let decision = policy.decide(call.facts(), &context);
    assert!(decision.effect().admits() && decision.findings.len() > 5);
    c.bench_function("policy/500 rules, 10,000 people", |b| {
        b.iter(|| policy.decide(black_box(call.facts()), &context));
    });
}

/// Turns five hundred chats of an API into a page.
fn shaping_chats(c: &mut Criterion) {
    let chat = |number: i64| Chat {
        name: Untrusted::nonempty("Book club \u{202e}"),
        chat: ChatId::parse(&format!("1203630000{number:08}@g.us")).unwrap(),
        unread: Some(number.unsigned_abs() % 3),
        marked_unread: false,
        archived: Some(false),
        last_message: Some(LastMessage {
            text: Untrusted::nonempty("See you on Sunday at six, and bring the cake."),
            sender: PersonId::parse("15552223333@c.us").ok(),
            from_me: Some(false),
            at: Timestamp::from_second(1_700_000_000 + number).ok(),
        }),
    };
    let all: Vec<Chat> = (0..500).map(chat).collect();
    let op: ListChats = serde_json::from_value(json!({ "query": "club", "limit": 100 })).unwrap();
    c.bench_function("shaping/500 chats", |b| {
        b.iter_batched(
            || all.clone(),
            |all| {
                let page = ChatList::page(all, &op);
                (serde_json::to_value(&page).unwrap(), page.text())
            },
            BatchSize::SmallInput,
        );
    });
}

/// Three counters for one call, after a thousand calls.
fn ledger(c: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::at(folder.path().join("ledger"), Clock::real());
    let count = |counter: &str, key: &str, hours: u64| Count {
        counter: counter.to_owned(),
        key: key.to_owned(),
        amount: 1,
        max: 4_000_000_000,
        window: Duration::from_secs(hours * 3600),
        longest_window: Duration::from_secs(hours * 3600),
    };
    let counts = vec![
        count("sends", "local", 1),
        count("sends of the account", "", 24),
        count("sends to a chat", "15552223333@c.us", 1),
    ];
    let request = Request {
        counts,
        people: vec!["15552223333@c.us".to_owned()],
        newcomers: vec![count("new", "", 24)],
        claim: None,
        turn: None,
    };
    let runtime = runtime();
    let admit = || runtime.block_on(ledger.admit(request.clone())).unwrap();
    for _ in 0..1000 {
        admit();
    }
    // Percentiles, because a mean hides calls that wait for the disk.
    let mut times = [Duration::ZERO; 20_000];
    for time in &mut times {
        let started = Instant::now();
        admit();
        *time = started.elapsed();
    }
    times.sort_unstable();
    let of = |hundredth: usize| times[times.len() * hundredth / 100];
    println!(
        "ledger/count: p50 {:?}, p90 {:?}, p99 {:?}",
        of(50),
        of(90),
        of(99)
    );

    let mut group = c.benchmark_group("ledger");
    group.bench_function("count", |b| b.iter(admit));
    let probe = || runtime.block_on(ledger.probe(request.clone())).unwrap();
    group.bench_function("probe", |b| b.iter(probe));
    group.finish();
}

criterion_group!(
    all,
    decisions,
    calls,
    shaping,
    shaping_chats,
    policies,
    ledger
);
criterion_main!(all);

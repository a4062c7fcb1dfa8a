//! What a server counts of itself: no ids, no text, only names of its own.

use std::{fmt, sync::atomic::AtomicU64, time::Duration};

use prometheus_client::{
    encoding::{EncodeLabelSet, LabelSetEncoder, text::encode},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Registry, Unit},
};

/// The counters of a server, for Prometheus.
#[derive(Debug)]
pub struct Metrics {
    calls: Family<Call, Counter>,
    latency: Family<Sent, Histogram, fn() -> Histogram>,
    questions: Family<Answered, Counter>,
    turned_away: Family<TurnedAway, Counter>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Call {
    #[prometheus(flatten)]
    account: Whose,
    tool: &'static str,
    verdict: &'static str,
    code: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Sent {
    #[prometheus(flatten)]
    account: Whose,
    tool: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    #[prometheus(flatten)]
    account: Whose,
    answer: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TurnedAway {
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Counted {
    #[prometheus(flatten)]
    account: Whose,
    counter: String,
}

/// The account, where there are several; no label where there is one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Whose(Option<String>);

impl Whose {
    fn of(account: Option<&str>) -> Self {
        Self(account.map(str::to_owned))
    }
}

impl EncodeLabelSet for Whose {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> Result<(), fmt::Error> {
        match &self.0 {
            Some(account) => [("account", account.as_str())].encode(encoder),
            None => Ok(()),
        }
    }
}

/// How much a limit has left, where the fullest of its keys is looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct Headroom {
    /// The account, where there are several.
    pub account: Option<String>,
    /// The limit's counter, as the policy calls it, and its window.
    pub counter: String,
    /// From 0, nothing, to 1, all of it.
    pub left: f64,
}

/// From a millisecond to about half a minute.
fn buckets() -> Histogram {
    Histogram::new(exponential_buckets(0.001, 2.0, 15))
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// Nothing is counted yet.
    pub fn new() -> Self {
        Self {
            calls: Family::default(),
            latency: Family::new_with_constructor(buckets as fn() -> Histogram),
            questions: Family::default(),
            turned_away: Family::default(),
        }
    }

    /// A call has ended.
    pub(crate) fn call(
        &self,
        account: Option<&str>,
        tool: &'static str,
        verdict: &'static str,
        code: &'static str,
    ) {
        let labels = Call {
            account: Whose::of(account),
            tool,
            verdict,
            code,
        };
        self.calls.get_or_create(&labels).inc();
    }

    /// The back end has answered, or not.
    pub(crate) fn sent(
        &self,
        account: Option<&str>,
        tool: &'static str,
        outcome: &'static str,
        time: Duration,
    ) {
        let labels = Sent {
            account: Whose::of(account),
            tool,
            outcome,
        };
        let latency = self.latency.get_or_create(&labels);
        latency.observe(time.as_secs_f64());
    }

    /// A person was asked, or has answered.
    pub(crate) fn question(&self, account: Option<&str>, answer: &'static str) {
        let account = Whose::of(account);
        self.questions
            .get_or_create(&Answered { account, answer })
            .inc();
    }

    /// Somebody was not let in.
    pub(crate) fn turned_away(&self, reason: &'static str) {
        let labels = TurnedAway { reason };
        self.turned_away.get_or_create(&labels).inc();
    }

    /// All of it in the text format of Prometheus.
    pub fn text(&self, headroom: &[Headroom]) -> String {
        let mut registry = Registry::with_prefix("whatsapp_guard");
        registry.register(
            "calls",
            "Calls by tool, verdict and code",
            self.calls.clone(),
        );
        registry.register_with_unit(
            "backend",
            "Time from letting a call through to the end of its answer",
            Unit::Seconds,
            self.latency.clone(),
        );
        registry.register(
            "questions",
            "Questions asked, and how they were answered",
            self.questions.clone(),
        );
        registry.register(
            "turned_away",
            "Requests over HTTP whose token let nobody in, by reason",
            self.turned_away.clone(),
        );
        let left = Family::<Counted, Gauge<f64, AtomicU64>>::default();
        for one in headroom {
            let (account, counter) = (Whose(one.account.clone()), one.counter.clone());
            left.get_or_create(&Counted { account, counter })
                .set(one.left);
        }
        registry.register(
            "limit_headroom_ratio",
            "What is left of a limit, by the fullest of its keys",
            left,
        );
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = encode(&mut text, &registry);
        text
    }
}

//! The metrics of a server: names of its own, never ids or text.

use std::{borrow::Cow, sync::atomic::AtomicU64, time::Duration};

use prometheus_client::{
    encoding::text::encode,
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Registry, Unit},
};

/// Names and values; `account` only if there are several.
type Labels = Vec<(&'static str, Cow<'static, str>)>;

/// The metrics of a server, for Prometheus.
#[derive(Debug)]
pub struct Metrics {
    calls: Family<Labels, Counter>,
    latency: Family<Labels, Histogram, fn() -> Histogram>,
    questions: Family<Labels, Counter>,
    turned_away: Family<Labels, Counter>,
}

/// What is left of a limit, for the fullest of its keys.
#[derive(Debug, Clone, PartialEq)]
pub struct Headroom {
    /// The account, if there are several.
    pub account: Option<String>,
    /// The name of the limit's counter in the policy, and the window.
    pub counter: String,
    /// From 0 (nothing) to 1 (everything).
    pub left: f64,
}

fn labels<const N: usize>(
    account: Option<&str>,
    labels: [(&'static str, Cow<'static, str>); N],
) -> Labels {
    let account = account.map(|account| ("account", Cow::Owned(account.to_owned())));
    account.into_iter().chain(labels).collect()
}

/// From one millisecond to about 16 seconds.
fn buckets() -> Histogram {
    Histogram::new(exponential_buckets(0.001, 2.0, 15))
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// Metrics that have counted nothing.
    pub fn new() -> Self {
        Self {
            calls: Family::default(),
            latency: Family::new_with_constructor(buckets as fn() -> Histogram),
            questions: Family::default(),
            turned_away: Family::default(),
        }
    }

    /// Counts a call that has ended.
    pub(crate) fn call(
        &self,
        account: Option<&str>,
        tool: &'static str,
        verdict: &'static str,
        code: &'static str,
    ) {
        let values = [("tool", tool), ("verdict", verdict), ("code", code)];
        let values = values.map(|(name, value)| (name, value.into()));
        self.calls.get_or_create(&labels(account, values)).inc();
    }

    /// Records how long the back end took for a call.
    pub(crate) fn sent(
        &self,
        account: Option<&str>,
        tool: &'static str,
        outcome: &'static str,
        time: Duration,
    ) {
        let values = [("tool", tool.into()), ("outcome", outcome.into())];
        let latency = self.latency.get_or_create(&labels(account, values));
        latency.observe(time.as_secs_f64());
    }

    /// Counts a question to a person, or the answer to one.
    pub(crate) fn question(&self, account: Option<&str>, answer: &'static str) {
        let labels = labels(account, [("answer", answer.into())]);
        self.questions.get_or_create(&labels).inc();
    }

    /// Counts an HTTP request without a valid token.
    pub(crate) fn turned_away(&self, reason: &'static str) {
        let labels = labels(None, [("reason", reason.into())]);
        self.turned_away.get_or_create(&labels).inc();
    }

    /// All metrics in the text format of Prometheus.
    pub fn text(&self, headroom: &[Headroom]) -> String {
        let mut registry = Registry::with_prefix("whatsapp_guard");
        registry.register(
            "calls",
            "Calls by tool, verdict and code",
            self.calls.clone(),
        );
        registry.register_with_unit(
            "backend",
            "Time from permitting a call to the end of its response",
            Unit::Seconds,
            self.latency.clone(),
        );
        registry.register(
            "questions",
            "Questions to people, and their answers",
            self.questions.clone(),
        );
        registry.register(
            "turned_away",
            "HTTP requests without a valid token, by reason",
            self.turned_away.clone(),
        );
        let left = Family::<Labels, Gauge<f64, AtomicU64>>::default();
        for one in headroom {
            let counter = [("counter", one.counter.clone().into())];
            let labels = labels(one.account.as_deref(), counter);
            left.get_or_create(&labels).set(one.left);
        }
        registry.register(
            "limit_headroom_ratio",
            "What is left of a limit, for the fullest of its keys",
            left,
        );
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = encode(&mut text, &registry);
        text
    }
}

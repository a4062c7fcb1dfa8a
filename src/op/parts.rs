//! What came of a change in several parts, each made and verified on its own.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Change, Output, Untrusted};

/// The parts of one kind of change.
pub trait ChangedParts: Serialize + JsonSchema + Send + 'static {
    /// What to do next where a part failed.
    const NEXT: &'static str;

    /// Each part with its name and its outcome; `None` if it was not requested.
    fn parts(&self) -> Vec<(&'static str, Option<Change>)>;

    /// What the answer begins with.
    fn heading(&self) -> Option<String> {
        None
    }
}

/// The answer of a tool that makes a change in several parts.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct PartsOutcome<P: ChangedParts> {
    /// What came of each part.
    #[serde(flatten)]
    pub parts: P,
    /// Whether all parts were verified afterwards.
    pub verified: bool,
    /// Why a part was not made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Untrusted>,
    /// What to do next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<&'static str>,
}

impl<P: ChangedParts> PartsOutcome<P> {
    /// The outcome of these parts, and why some were not made.
    pub fn new(parts: P, reason: Option<Untrusted>) -> Self {
        let changes = parts.parts();
        let mut changes = changes.iter().filter_map(|(_, change)| *change);
        Self {
            verified: changes.clone().all(|change| change == Change::Changed),
            next: changes.any(Change::failed).then_some(P::NEXT),
            parts,
            reason,
        }
    }
}

impl<P: ChangedParts> Output for PartsOutcome<P> {
    fn text(&self) -> String {
        let mut lines: Vec<_> = self.parts.heading().into_iter().collect();
        for (name, change) in self.parts.parts() {
            lines.extend(change.map(|change| format!("{name}: {}", change.words())));
        }
        lines.extend(self.reason.iter().map(|reason| format!("reason: {reason}")));
        lines.extend(self.next.map(str::to_owned));
        lines.join("\n")
    }

    fn failed(&self) -> bool {
        self.next.is_some()
    }
}

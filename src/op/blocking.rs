//! Blocking people.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Operation, Output, PersonId, Reads, Risk, Targets, Topic};

/// Block a person: no messages or calls from them.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BlockContact {
    /// Person id from list_contacts, or a phone number.
    pub person: PersonId,
}

impl Operation for BlockContact {
    const NAME: &'static str = "block_contact";
    const RISK: Risk = Risk::Write;
    const TOPIC: Topic = Topic::Contacts;
    const READS: Reads = Reads::Nothing;
    const INTENT: &'static str = "block a person on WhatsApp";
    const IDEMPOTENT: bool = true;
    const KNOWN_AS: &'static [&'static str] = &["waha_block_contact"];
    type Output = BlockOutcome;

    fn targets(&self) -> Targets {
        Targets::chat(&self.person)
    }
}

/// Unblock a person.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UnblockContact {
    /// Person id from list_contacts, or a phone number.
    pub person: PersonId,
}

impl Operation for UnblockContact {
    const NAME: &'static str = "unblock_contact";
    const RISK: Risk = Risk::Write;
    const TOPIC: Topic = Topic::Contacts;
    const READS: Reads = Reads::Nothing;
    const INTENT: &'static str = "unblock a person on WhatsApp";
    const IDEMPOTENT: bool = true;
    const KNOWN_AS: &'static [&'static str] = &["waha_unblock_contact"];
    type Output = BlockOutcome;

    fn targets(&self) -> Targets {
        Targets::chat(&self.person)
    }
}

/// What came of blocking or unblocking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Blocking {
    /// The API accepted the block.
    BlockAccepted,
    /// The API accepted that the block ends.
    UnblockAccepted,
}

/// The outcome of blocking or unblocking.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct BlockOutcome {
    /// What came of it.
    pub outcome: Blocking,
    /// Whether a look at the person shows it; not every engine tells.
    pub verified: bool,
    /// The person's id.
    #[schemars(with = "String")]
    pub person: PersonId,
}

impl BlockOutcome {
    /// What the API accepted, and whether a look shows it.
    pub fn accepted(outcome: Blocking, person: PersonId, verified: bool) -> Self {
        Self {
            outcome,
            verified,
            person,
        }
    }
}

impl Output for BlockOutcome {
    fn text(&self) -> String {
        let (done, asked) = match self.outcome {
            Blocking::BlockAccepted => ("blocked", "blocking"),
            Blocking::UnblockAccepted => ("not blocked any more", "unblocking"),
        };
        let person = &self.person;
        if self.verified {
            return format!("{person} is {done}");
        }
        format!("the API accepted {asked} {person}; no look shows it")
    }
}

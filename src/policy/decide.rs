//! One ruling for each tool, worked out when the policy is loaded.

use std::collections::HashMap;

use crate::gate::Code;

/// What a policy says of one tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ruling {
    /// Whether it may be called.
    pub standing: Standing,
    /// The limits that count it, as positions in the policy's list.
    pub limits: Vec<usize>,
}

/// Whether a tool may be called, mildest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It may.
    Allow,
    /// A person has to say yes each time.
    Confirm(Because),
    /// It is listed and refused.
    Deny(Because),
    /// It is neither listed nor allowed.
    Hidden(Because),
}

/// The rule behind a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Because {
    /// The kind of refusal that it leads to.
    pub code: Code,
    /// Where the rule stands, as `file:line:column (key)`.
    pub rule: Option<String>,
    /// The operator's own words.
    pub reason: Option<String>,
}

impl Standing {
    const fn strictness(&self) -> u8 {
        match self {
            Self::Allow => 0,
            Self::Confirm(_) => 1,
            Self::Deny(_) => 2,
            Self::Hidden(_) => 3,
        }
    }

    /// The strictest of several; the first of those that are equally strict.
    pub(super) fn strictest(all: impl IntoIterator<Item = Self>) -> Option<Self> {
        all.into_iter().reduce(|kept, next| {
            if next.strictness() > kept.strictness() {
                next
            } else {
                kept
            }
        })
    }

    /// The rule behind it; none for a plain yes.
    pub fn because(&self) -> Option<&Because> {
        match self {
            Self::Allow => None,
            Self::Confirm(because) | Self::Deny(because) | Self::Hidden(because) => Some(because),
        }
    }
}

/// The rulings of a policy, by tool.
#[derive(Debug, Clone)]
pub(super) struct Rulings {
    by_tool: HashMap<&'static str, Ruling>,
    /// For a name that is in no catalogue, so that doubt refuses.
    nobody: Ruling,
}

impl Rulings {
    pub(super) fn new(by_tool: HashMap<&'static str, Ruling>) -> Self {
        let nobody = Ruling {
            standing: Standing::Hidden(Because {
                code: Code::NotAdmitted,
                rule: None,
                reason: None,
            }),
            limits: Vec::new(),
        };
        Self { by_tool, nobody }
    }

    pub(super) fn of(&self, tool: &str) -> &Ruling {
        self.by_tool.get(tool).unwrap_or(&self.nobody)
    }
}

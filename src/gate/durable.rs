//! How often a call may be made, in windows of an hour and more: counted exactly, in
//! the ledger.

use super::{Caller, Refusal, limits::keys};
use crate::{
    ledger::{Admission, Count, FullLimit, Ledger, Receipt, Request},
    op::{Facts, TargetRole},
    policy::{Code, Counted as What, Limit, Scope},
};

/// What a call was counted in.
pub(super) struct Counted {
    receipt: Receipt,
    /// The counts of messages, and how many were reserved.
    messages: Vec<usize>,
    reserved: u32,
}

/// What is asked of the ledger for a call.
pub(super) struct Asked<'p> {
    counts: Vec<(&'p Limit, String, u32)>,
    newcomers: Vec<(&'p Limit, String)>,
    people: Vec<String>,
    reads: u32,
}

impl<'p> Asked<'p> {
    /// Nothing where the ledger has no part in it. It has one in short windows where
    /// `all` of them are counted there, by several servers together. Who is written to is
    /// remembered where `remembers` says that somebody will want to know.
    pub(super) fn of(
        limits: impl Iterator<Item = &'p Limit>,
        facts: &Facts,
        caller: &Caller,
        all: bool,
        remembers: bool,
    ) -> Option<Self> {
        let mut asked = Self {
            counts: Vec::new(),
            newcomers: Vec::new(),
            people: Vec::new(),
            reads: facts.reads,
        };
        for limit in limits.filter(|limit| all || limit.is_durable()) {
            for key in keys(limit.scope, facts, caller) {
                let key = ledger_key(limit.scope, &key);
                match limit.of {
                    What::Calls => asked.counts.push((limit, key, 1)),
                    What::Messages if facts.reads > 0 => {
                        asked.counts.push((limit, key, facts.reads));
                    }
                    What::Messages => {}
                    What::Newcomers => asked.newcomers.push((limit, key)),
                }
            }
        }
        if remembers || !asked.newcomers.is_empty() {
            let recipients = facts.targets.of(TargetRole::Recipient);
            asked.people = recipients.map(|chat| chat.as_str().to_owned()).collect();
        }
        let nothing = asked.counts.is_empty() && asked.people.is_empty();
        (!nothing).then_some(asked)
    }

    /// Whether there is room; counts nothing.
    pub(super) fn look(&self, ledger: &Ledger, facts: &Facts) -> Result<(), Refusal> {
        let full = self.ask(|request| ledger.probe(request));
        match full.map_err(|error| Refusal::uncounted(&error))? {
            None => Ok(()),
            Some(full) => Err(self.refusal(&full, facts)),
        }
    }

    /// Counts the call in all of them, or in none.
    pub(super) fn take(&self, ledger: &Ledger, facts: &Facts) -> Result<Counted, Refusal> {
        let admission = self.ask(|request| ledger.admit(request));
        match admission.map_err(|error| Refusal::uncounted(&error))? {
            Admission::Full(full) => Err(self.refusal(&full, facts)),
            Admission::Counted(receipt) => {
                let counts = self.counts.iter().enumerate();
                let messages = counts.filter(|(_, (limit, ..))| limit.of == What::Messages);
                Ok(Counted {
                    receipt,
                    messages: messages.map(|(index, _)| index).collect(),
                    reserved: self.reads,
                })
            }
        }
    }

    fn ask<T>(&self, ask: impl FnOnce(&Request<'_>) -> T) -> T {
        let counts: Vec<Count<'_>> = self
            .counts
            .iter()
            .map(|(limit, key, amount)| count(limit, key, *amount))
            .collect();
        let newcomers: Vec<Count<'_>> = self
            .newcomers
            .iter()
            .map(|(limit, key)| count(limit, key, 1))
            .collect();
        let people: Vec<&str> = self.people.iter().map(String::as_str).collect();
        ask(&Request {
            counts: &counts,
            people: &people,
            newcomers: &newcomers,
        })
    }

    fn refusal(&self, full: &FullLimit, facts: &Facts) -> Refusal {
        let counts = self.counts.iter().map(|(limit, ..)| *limit);
        let mut all = counts.chain(self.newcomers.iter().map(|(limit, _)| *limit));
        match all.nth(full.index) {
            Some(limit) => Refusal::full(facts.tool, limit, full.left, full.wait),
            None => Refusal::new(Code::RateLimited, "a limit is reached"),
        }
    }
}

impl Counted {
    /// Gives all of it back, for a call that is not made.
    pub(super) fn undo(&self, ledger: &Ledger) {
        // What cannot be given back stays counted.
        if let Err(error) = ledger.undo(&self.receipt) {
            tracing::error!(%error, "the ledger cannot be used");
        }
    }

    /// Gives back what was reserved for messages that did not come.
    pub(super) fn settle(&self, ledger: &Ledger, messages: u32) {
        if messages >= self.reserved {
            return;
        }
        for index in &self.messages {
            // What cannot be given back stays counted.
            if let Err(error) = ledger.reduce(&self.receipt, *index, messages) {
                tracing::error!(%error, "the ledger cannot be used");
            }
        }
    }
}

/// What the ledger knows a key by.
pub(crate) fn ledger_key(scope: Scope, key: &str) -> String {
    format!("{}:{key}", scope.name())
}

fn count<'a>(limit: &'a Limit, key: &'a str, amount: u32) -> Count<'a> {
    Count {
        counter: &limit.counter,
        key,
        amount,
        max: limit.max.get(),
        window: limit.window,
    }
}

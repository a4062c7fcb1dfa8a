//! A person's yes: for one call, once, for a time.

use std::{collections::HashMap, num::NonZeroU32, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretBox};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::{
    ApprovalKey, Caller, Refusal,
    meter::{Full, Meter},
};
use crate::{
    clock::Clock,
    ledger::{DAY, Ledger},
    op::Facts,
    policy::{Code, Confirmation, Policy},
};

/// What came back from the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// An explicit yes.
    Yes,
    /// A no, or the question was dismissed.
    No,
    /// Anything else.
    Unreadable,
}

/// Issues tickets for questions and takes them back once.
pub(super) struct Approvals {
    key: SecretBox<[u8; 64]>,
    clock: Clock,
    terms: Confirmation,
    prompts: Meter,
    used: HashMap<String, Duration>,
    run: String,
}

/// What a ticket says; the rest of what it is bound to goes into the MAC alone.
#[derive(Serialize, Deserialize)]
struct Claims {
    /// Names the question.
    n: String,
    /// Whose clock `at` is on.
    run: String,
    /// When it was asked on the gate's clock, in milliseconds.
    at: u64,
    /// When it was asked by the time of day, in milliseconds since 1970. Both are looked
    /// at: one stands still while a machine sleeps, the other can be set back. Other servers
    /// have the time of day alone.
    day: i64,
    /// How long the answer may take, in milliseconds.
    life: u64,
}

/// A ticket that was taken back.
pub(super) struct Spent {
    name: String,
    /// For how long it would have been good.
    left: Duration,
}

impl Approvals {
    pub(super) fn new(clock: Clock, policy: &Policy) -> Result<Self, getrandom::Error> {
        let mut key = Box::new([0; 64]);
        getrandom::fill(key.as_mut_slice())?;
        let terms = policy.confirmation.clone();
        Ok(Self {
            key: SecretBox::new(key),
            prompts: prompts(&terms, &clock),
            clock,
            terms,
            used: HashMap::new(),
            run: random()?,
        })
    }

    /// Takes the key that other servers have too.
    pub(super) fn share(&mut self, key: ApprovalKey) {
        self.key = key.0;
    }

    /// Another policy. A ticket is bound to the call and not to the policy: the person
    /// has said yes to the call, and what comes back is judged anew.
    pub(super) fn replace(&mut self, policy: &Policy) {
        if self.terms != policy.confirmation {
            let prompts = prompts(&policy.confirmation, &self.clock);
            prompts.inherit(&self.prompts);
            self.prompts = prompts;
        }
        self.terms = policy.confirmation.clone();
    }

    /// A ticket for a question about this call.
    pub(super) fn ask(&mut self, facts: &Facts, caller: &Caller) -> Result<String, Refusal> {
        if let Err(full) = self.prompts.count(&String::new(), NonZeroU32::MIN) {
            let wait = match full {
                Full::For(wait) => wait,
                Full::Always => self.terms.prompt_window,
            };
            return Err(Refusal::prompts(&self.terms.prompt_rule, wait));
        }
        let Ok(name) = random() else {
            let reason = "the system gives no random bytes to name a question with";
            return Err(Refusal::new(Code::Busy, reason));
        };
        let claims = Claims {
            n: name,
            run: self.run.clone(),
            at: millis(self.clock.elapsed()),
            day: self.clock.timestamp().as_millisecond(),
            life: millis(self.terms.expires),
        };
        let body = serde_json::to_vec(&claims).unwrap_or_default();
        let tag = self.mac(&body, facts, caller).finalize().into_bytes();
        Ok(format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(body),
            URL_SAFE_NO_PAD.encode(tag)
        ))
    }

    /// Takes a ticket back; it is used up here whatever comes of it.
    pub(super) fn redeem(
        &mut self,
        ticket: &str,
        facts: &Facts,
        caller: &Caller,
    ) -> Result<Spent, Refusal> {
        let tool = facts.tool;
        let invalid = || {
            Refusal::new(
                Code::ApprovalInvalid,
                format!(
                    "the approval is not for this call of `{tool}`: it is for another caller, other arguments or an earlier run of the server"
                ),
            )
        };
        let (body, tag) = ticket.split_once('.').ok_or_else(invalid)?;
        let body = URL_SAFE_NO_PAD.decode(body).map_err(|_| invalid())?;
        let tag = URL_SAFE_NO_PAD.decode(tag).map_err(|_| invalid())?;
        self.mac(&body, facts, caller)
            .verify_slice(&tag)
            .map_err(|_| invalid())?;
        let claims: Claims = serde_json::from_slice(&body).map_err(|_| invalid())?;
        let (now, day) = (self.clock.elapsed(), self.clock.timestamp());
        self.used.retain(|_, expires| *expires > now);
        let own = claims.run == self.run;
        let left = |life: u64| {
            let by_day = claims.day.saturating_add_unsigned(life);
            let by_day = by_day
                .saturating_sub(day.as_millisecond())
                .max(0)
                .unsigned_abs();
            let by_clock = claims.at.saturating_add(life).saturating_sub(millis(now));
            (by_day, if own { by_clock } else { by_day })
        };
        // A policy that was put in force meanwhile may give less time, and not more.
        let (by_day, by_clock) = left(claims.life.min(millis(self.terms.expires)));
        if by_day == 0 || by_clock == 0 {
            return Err(Refusal::new(
                Code::ApprovalExpired,
                format!("the answer for `{tool}` came too late"),
            ));
        }
        let (by_day, by_clock) = left(claims.life);
        let left = Duration::from_millis(by_day.max(by_clock));
        if self.used.insert(claims.n.clone(), now + left).is_some() {
            return Err(used(tool));
        }
        Ok(Spent {
            name: claims.n,
            left,
        })
    }

    fn mac(&self, claims: &[u8], facts: &Facts, caller: &Caller) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new(self.key.expose_secret().into());
        for part in [
            b"whatsapp-guard approval 2".as_slice(),
            caller.grant.as_bytes(),
            facts.tool.as_bytes(),
            facts.digest.as_bytes(),
            claims,
        ] {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac
    }
}

impl Spent {
    /// Takes the ticket back from all servers that share the ledger.
    pub(super) fn burn(&self, ledger: &Ledger, tool: &str) -> Result<(), Refusal> {
        // Whose clock is behind would take it for longer.
        let burned = ledger.burn(&self.name, self.left.saturating_add(DAY));
        match burned.map_err(|error| Refusal::uncounted(&error))? {
            Some(false) => Err(used(tool)),
            Some(true) | None => Ok(()),
        }
    }
}

impl Reply {
    /// Whether the person said yes.
    pub(super) fn heard(self, tool: &str) -> Result<(), Refusal> {
        match self {
            Self::Yes => Ok(()),
            Self::No => Err(Refusal::new(
                Code::Declined,
                format!("the person declined `{tool}`; nothing was sent"),
            )),
            Self::Unreadable => Err(Refusal::new(
                Code::AnswerUnreadable,
                format!("the answer for `{tool}` holds no explicit yes; nothing was sent"),
            )),
        }
    }
}

fn used(tool: &str) -> Refusal {
    Refusal::new(
        Code::ApprovalUsed,
        format!("the approval for `{tool}` was used before; one approval is for one call"),
    )
}

/// A name that nothing else has.
fn random() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

fn prompts(terms: &Confirmation, clock: &Clock) -> Meter {
    Meter::new(
        terms.prompt_max,
        terms.prompt_max,
        terms.prompt_window,
        clock,
    )
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

//! A person's yes: for one call, once, for a time.

use std::{collections::HashMap, num::NonZeroU32, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretBox};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::{
    Caller, Code, Refusal,
    meter::{Full, Meter},
};
use crate::{
    clock::Clock,
    policy::{Confirmation, Policy},
    toolset::Facts,
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
    used: HashMap<u64, Duration>,
    issued: u64,
}

/// What a ticket says; the rest of what it is bound to goes into the MAC alone.
#[derive(Serialize, Deserialize)]
struct Claims {
    /// Number of the question.
    n: u64,
    /// When it was asked on the gate's clock, in milliseconds.
    at: u64,
    /// When it was asked by the time of day, in milliseconds since 1970. Both are looked
    /// at: one stands still while a machine sleeps, the other can be set back.
    day: i64,
    /// How long the answer may take, in milliseconds.
    life: u64,
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
            issued: 0,
        })
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
        self.issued += 1;
        let claims = Claims {
            n: self.issued,
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

    /// Takes a ticket back; it is used up whatever the reply is.
    pub(super) fn redeem(
        &mut self,
        ticket: &str,
        facts: &Facts,
        caller: &Caller,
        reply: Reply,
    ) -> Result<(), Refusal> {
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
        // A policy that was put in force meanwhile may give less time, and not more.
        let life = claims.life.min(millis(self.terms.expires));
        let late = day.as_millisecond() >= claims.day.saturating_add_unsigned(life);
        if late || millis(now) >= claims.at + life {
            return Err(Refusal::new(
                Code::ApprovalExpired,
                format!("the answer for `{tool}` came too late"),
            ));
        }
        let expires = Duration::from_millis(claims.at + claims.life);
        if self.used.insert(claims.n, expires).is_some() {
            return Err(Refusal::new(
                Code::ApprovalUsed,
                format!("the approval for `{tool}` was used before; one approval is for one call"),
            ));
        }
        match reply {
            Reply::Yes => Ok(()),
            Reply::No => Err(Refusal::new(
                Code::Declined,
                format!("the person declined `{tool}`; nothing was sent"),
            )),
            Reply::Unreadable => Err(Refusal::new(
                Code::AnswerUnreadable,
                format!("the answer for `{tool}` holds no explicit yes; nothing was sent"),
            )),
        }
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

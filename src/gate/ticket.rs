//! Sealed tickets: what binds a person's answer to the call that it is about.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretBox};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::{ApprovalKey, Caller};
use crate::{clock::Clock, ledger::SwitchEpoch, op::Facts};

/// Seals and opens tickets.
pub(super) struct Sealer {
    key: SecretBox<[u8; 64]>,
    /// This run of the server.
    run: String,
}

/// What a ticket says. What it is bound to beyond that is part of the MAC alone.
#[derive(Serialize, Deserialize)]
struct TicketClaims {
    /// The name of the question.
    n: String,
    /// The run of the server on whose clock `at` is.
    run: String,
    /// When it was asked on the clock of that run, in milliseconds.
    at: u64,
    /// When it was asked by the time of day, in milliseconds since 1970. Both are checked:
    /// one stands still while a machine sleeps, the other can be set back. Other servers
    /// have only the time of day.
    day: i64,
    /// How long the answer may take, in milliseconds.
    life: u64,
    /// The epoch of the kill switch in which the call was decided on.
    epoch: SwitchEpoch,
}

/// A ticket that was opened in time.
pub(super) struct Redeemed {
    /// The name of the question.
    pub(super) name: String,
    /// How long the ticket would still be valid.
    pub(super) left: Duration,
    /// How long ago it was asked.
    pub(super) age: Duration,
    /// The epoch of the kill switch in which the call was decided on.
    pub(super) epoch: SwitchEpoch,
}

impl Sealer {
    /// A sealer with a key of its own.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub(super) fn new() -> Result<Self, getrandom::Error> {
        let mut key = Box::new([0; 64]);
        getrandom::fill(key.as_mut_slice())?;
        Ok(Self {
            key: SecretBox::new(key),
            run: random_name()?,
        })
    }

    /// Takes a key that other servers have too.
    pub(super) fn share(&mut self, key: ApprovalKey) {
        self.key = key.0;
    }

    /// A ticket that binds a call of a caller and is valid for `life`.
    pub(super) fn seal(
        &self,
        name: String,
        epoch: SwitchEpoch,
        life: Duration,
        clock: &Clock,
        facts: &Facts,
        caller: &Caller,
    ) -> String {
        let claims = TicketClaims {
            n: name,
            run: self.run.clone(),
            at: millis(clock.elapsed()),
            day: clock.timestamp().as_millisecond(),
            life: millis(life),
            epoch,
        };
        let body = serde_json::to_vec(&claims).unwrap_or_default();
        let tag = self.mac(&body, facts, caller).finalize().into_bytes();
        let (body, tag) = (URL_SAFE_NO_PAD.encode(body), URL_SAFE_NO_PAD.encode(tag));
        format!("{body}.{tag}")
    }

    /// Opens a ticket that is at most `longest` old. `None` if it was not sealed for this
    /// call and caller with this key, `Some(None)` if it has expired.
    pub(super) fn open(
        &self,
        ticket: &str,
        longest: Duration,
        clock: &Clock,
        facts: &Facts,
        caller: &Caller,
    ) -> Option<Option<Redeemed>> {
        let (body, tag) = ticket.split_once('.')?;
        let body = URL_SAFE_NO_PAD.decode(body).ok()?;
        let tag = URL_SAFE_NO_PAD.decode(tag).ok()?;
        let mac = self.mac(&body, facts, caller);
        mac.verify_slice(&tag).ok()?;
        let claims: TicketClaims = serde_json::from_slice(&body).ok()?;
        let (by_day, by_clock) = self.left(&claims, claims.life.min(millis(longest)), clock);
        if by_day == 0 || by_clock == 0 {
            return Some(None);
        }
        let (by_day, by_clock) = self.left(&claims, claims.life, clock);
        let age = Duration::from_millis(self.age(&claims, clock));
        Some(Some(Redeemed {
            name: claims.n,
            left: Duration::from_millis(by_day.max(by_clock)),
            age,
            epoch: claims.epoch,
        }))
    }

    /// The milliseconds that are left of a life, by the time of day and by the clock of the
    /// run that sealed the ticket.
    fn left(&self, claims: &TicketClaims, life: u64, clock: &Clock) -> (u64, u64) {
        let ends = claims.day.saturating_add_unsigned(life);
        let by_day = ends.saturating_sub(clock.timestamp().as_millisecond());
        let by_day = by_day.max(0).unsigned_abs();
        if claims.run != self.run {
            return (by_day, by_day);
        }
        let ends = claims.at.saturating_add(life);
        (by_day, ends.saturating_sub(millis(clock.elapsed())))
    }

    /// How many milliseconds ago the question was asked, by the clock of the run that asked
    /// it, or by the time of day if that is another one.
    fn age(&self, claims: &TicketClaims, clock: &Clock) -> u64 {
        if claims.run == self.run {
            return millis(clock.elapsed()).saturating_sub(claims.at);
        }
        let age = clock
            .timestamp()
            .as_millisecond()
            .saturating_sub(claims.day);
        age.max(0).unsigned_abs()
    }

    fn mac(&self, claims: &[u8], facts: &Facts, caller: &Caller) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new(self.key.expose_secret().into());
        for part in [
            b"whatsapp-guard approval 3".as_slice(),
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

/// A name that nothing else has.
pub(super) fn random_name() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

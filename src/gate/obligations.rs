//! What has to be settled when a call ends, whichever way it ends.

use std::{io, sync::Arc};

use super::{Gate, Refusal, clearance::GateClearance, dedup::DedupSlot, quota::Reservation};
use crate::{audit::AuditEntry, op::BackendError, toolset::Answer};

/// What has to be settled when a call ends: its duplicate slot, its reservation in the
/// limits, the account's health and its line in the audit. Dropped without an outcome, it
/// records that the call was abandoned and its outcome is unknown.
pub struct Obligations {
    pub(super) gate: Arc<Gate>,
    pub(super) grant: String,
    /// Whether a failure of the call says something about the account's health.
    pub(super) signals_danger: bool,
    pub(super) clearance: Arc<GateClearance>,
    pub(super) slot: Option<DedupSlot>,
    pub(super) reservation: Option<Reservation>,
    /// Taken at the end, like the slot and the reservation.
    pub(super) entry: Option<AuditEntry>,
}

impl Obligations {
    /// The refusal with which a call ends instead of its outcome: it was withdrawn before
    /// anything of it was sent, or it cannot be recorded in which chats its answer reads.
    pub async fn refusal(&self, outcome: &Result<Answer, BackendError>) -> Option<Refusal> {
        match outcome {
            Err(BackendError::Withdrawn(_)) => self.clearance.refusal(),
            Err(_) => self.clearance.refusal_of_read(),
            Ok(_) if let Some(refusal) = self.clearance.refusal_of_read() => Some(refusal),
            Ok(answer) => {
                let chats = answer.reading.chats.iter();
                let recorded = self.gate.record_reading(&self.grant, chats).await;
                recorded
                    .err()
                    .map(|refusal| self.gate.naming_account(refusal))
            }
        }
    }

    /// Settles everything with the outcome of the call, or with its
    /// [`refusal`](Self::refusal). What was counted for a call that is refused is given back,
    /// except in limits below an hour. What waits for the ledger comes last.
    ///
    /// # Errors
    /// When the audit line cannot be written; everything else is settled all the same.
    pub async fn complete(
        mut self,
        outcome: &Result<Answer, BackendError>,
        refusal: Option<&Refusal>,
    ) -> io::Result<()> {
        let reading = outcome.as_ref().ok().map(|answer| &answer.reading);
        let mut slot = self.slot.take();
        if let Some(slot) = &mut slot {
            slot.complete(outcome);
        }
        let recorded = match (self.entry.take(), refusal) {
            (Some(entry), Some(refusal)) => {
                entry.refused(refusal.code, refusal.rule.as_ref()).await
            }
            (Some(entry), None) => entry.completed(outcome).await,
            (None, _) => Ok(()),
        };
        if let Some(slot) = slot {
            slot.settle(outcome).await;
        }
        if let Some(reservation) = self.reservation.take() {
            match refusal {
                Some(_) => reservation.release().await,
                None => {
                    let messages = reading.map_or(0, |reading| reading.messages);
                    reservation.complete(messages).await;
                }
            }
        }
        let policy = self.gate.policy();
        let health = &self.gate.health;
        health.record(&policy, self.signals_danger, outcome).await;
        recorded
    }
}

impl Drop for Obligations {
    fn drop(&mut self) {
        // Its own line says that it was abandoned, once it is dropped.
        if let Some(slot) = self.slot.take() {
            slot.abandon();
        }
    }
}

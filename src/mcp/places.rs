//! The places of calls: how many may run, wait for a person, or end after they were cancelled.

use crate::shares::{Share, Shares};

/// The most calls that run at once, of all grants. Of one grant alone, half as many.
const MAX_IN_FLIGHT_CALLS: usize = 128;

/// The most questions at once that clients before 2026-07-28 ask a person, of all grants.
/// Of one grant alone, half as many.
const MAX_OPEN_QUESTIONS: usize = 128;

/// The most cancelled calls that wait for the answer to a request they have sent, of all
/// grants. Of one grant alone, half as many.
const MAX_CANCELLED_CALLS: usize = 128;

/// The most memory that files take that are loaded to be sent, in bytes, of all grants. Of
/// one grant alone, half as much, or one file.
const MAX_LOADED_BYTES: usize = 256 * 1024 * 1024;

/// The places that the grants of a server share.
pub(super) struct CallPlaces {
    running: Shares,
    asking: Shares,
    cancelled: Shares,
    loaded: Shares,
}

/// The place of one call. Dropped, it is free.
pub(super) struct CallPlace<'a> {
    places: &'a CallPlaces,
    grant: &'a str,
    held: Share,
}

impl CallPlaces {
    pub(super) fn new() -> Self {
        Self {
            running: Shares::new(MAX_IN_FLIGHT_CALLS),
            asking: Shares::new(MAX_OPEN_QUESTIONS),
            cancelled: Shares::new(MAX_CANCELLED_CALLS),
            loaded: Shares::new(MAX_LOADED_BYTES),
        }
    }

    /// A place for a call of a grant that is about to run. `None` if its grant has its fair
    /// share already.
    pub(super) fn take<'a>(&'a self, grant: &'a str) -> Option<CallPlace<'a>> {
        Some(CallPlace {
            places: self,
            grant,
            held: self.running.take(grant, 1)?,
        })
    }
}

impl CallPlace<'_> {
    /// The grant that makes the call.
    pub(super) fn grant(&self) -> &str {
        self.grant
    }

    /// Gives the place of a running call back while a person is asked. Returns whether
    /// the person may be asked: whether there was room for one more question.
    pub(super) fn ask(&mut self) -> bool {
        self.change_to(&self.places.asking)
    }

    /// Takes a place of running calls again after a person has answered. If there is none,
    /// the call goes on in the place of its question, so that an answer is never in vain.
    pub(super) fn resume(&mut self) {
        self.change_to(&self.places.running);
    }

    /// Gives the place of a running call back after the call was cancelled. If too many
    /// cancelled calls are still under way, it stays taken until the call has ended.
    pub(super) fn cancel(&mut self) {
        self.change_to(&self.places.cancelled);
    }

    /// The memory of a file that is about to be loaded; it holds nothing yet.
    pub(super) fn room_for_file(&self) -> Option<Share> {
        self.places.loaded.take(self.grant, 0)
    }

    fn change_to(&mut self, shares: &Shares) -> bool {
        match shares.take(self.grant, 1) {
            Some(share) => {
                self.held = share;
                true
            }
            None => false,
        }
    }
}

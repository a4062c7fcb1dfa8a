//! From a change to its outcome: the request, the API's response to it, and what is
//! observed afterwards.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::{
    config::Timeouts,
    op::{
        BackendError, BackendResult, Change, ChangeEffect, ChangedPermissions, Delivery, GroupId,
        PermissionsChanged, Progress, Untrusted,
    },
};

/// What an API answered to a change.
#[derive(Debug, Clone)]
pub(super) enum Response {
    Accepted,
    /// An explicit no, with a status of success.
    Denied(BackendError),
    /// The change may have been made in spite of this error.
    Ambiguous(BackendError),
}

/// What is seen of a change's effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Observation {
    Done,
    NotDone,
    /// The API does not report it.
    Unclear,
}

impl From<Option<bool>> for Observation {
    /// Whether the effect is there; `None` where that cannot be read.
    fn from(done: Option<bool>) -> Self {
        match done {
            Some(true) => Self::Done,
            Some(false) => Self::NotDone,
            None => Self::Unclear,
        }
    }
}

/// Sends a change, reads the API's response to it, and verifies it.
///
/// # Errors
/// With the API's refusal where nothing was changed.
pub(super) async fn change_and_verify<T, F: Future<Output = Observation>>(
    request: impl Future<Output = BackendResult<T>>,
    read: impl FnOnce(BackendResult<T>) -> BackendResult<Response>,
    timeouts: Timeouts,
    observe: impl FnMut() -> F,
) -> BackendResult<Change> {
    read(request.await)?.verify(timeouts, observe).await
}

/// Fetches until `done` or until time is up; returns what was fetched last.
///
/// The change is made by then. Its outcome is found out whoever still listens, so
/// this goes on when the call is cancelled.
pub(super) async fn poll_until<T, F: Future<Output = T>>(
    time: Duration,
    pause: Duration,
    mut fetch: impl FnMut() -> F,
    mut done: impl FnMut(&T) -> bool,
) -> T {
    let deadline = Instant::now() + time;
    loop {
        let fetched = fetch().await;
        if done(&fetched) || Instant::now() >= deadline {
            return fetched;
        }
        sleep(pause).await;
    }
}

/// Fetches until WhatsApp has confirmed a message that the API accepted, or until the
/// API reports nothing of it.
pub(super) async fn confirm<F: Future<Output = Option<Delivery>>>(
    timeouts: Timeouts,
    progress: &Progress,
    mut fetch: impl FnMut() -> F,
) -> Delivery {
    let fetch = || {
        progress.say("checking whether WhatsApp has the message");
        fetch()
    };
    let done = |seen: &Option<Delivery>| *seen != Some(Delivery::Accepted);
    let seen = poll_until(timeouts.confirm, timeouts.look, fetch, done).await;
    seen.unwrap_or(Delivery::Accepted)
}

impl Response {
    /// The response in an answer; `denied` finds an explicit no in a success.
    ///
    /// # Errors
    /// With an error after which certainly nothing was changed.
    pub(super) fn of<T>(
        answer: BackendResult<T>,
        denied: impl FnOnce(&T) -> Option<BackendError>,
    ) -> BackendResult<Self> {
        match answer {
            Ok(reply) => Ok(denied(&reply).map_or(Self::Accepted, Self::Denied)),
            Err(error) if error.effect() == ChangeEffect::Ambiguous => Ok(Self::Ambiguous(error)),
            Err(error) => Err(error),
        }
    }

    /// Observes until the change shows or time is up; returns its outcome.
    ///
    /// # Errors
    /// With a denial, at once; with the API's error where the change does not show.
    pub(super) async fn verify<F: Future<Output = Observation>>(
        self,
        timeouts: Timeouts,
        observe: impl FnMut() -> F,
    ) -> BackendResult<Change> {
        let (change, _) = self.verify_by(timeouts, observe, |seen| *seen).await?;
        Ok(change)
    }

    /// As [`Response::verify`], by a value that is fetched; returns the last one too.
    ///
    /// # Errors
    /// With a denial, at once; with the API's error where the change does not show.
    pub(super) async fn verify_by<T, F: Future<Output = T>>(
        self,
        timeouts: Timeouts,
        fetch: impl FnMut() -> F,
        observe: impl Fn(&T) -> Observation,
    ) -> BackendResult<(Change, T)> {
        if let Self::Denied(error) = self {
            return Err(error);
        }
        let done = |seen: &T| observe(seen) == Observation::Done;
        let seen = poll_until(timeouts.settle, timeouts.look, fetch, done).await;
        Ok((self.outcome(observe(&seen))?, seen))
    }

    /// As [`Response::verify`], but a denial is believed only after one observation.
    ///
    /// # Errors
    /// With a denial or the API's error where the change does not show.
    pub(super) async fn verify_even_denied<F: Future<Output = Observation>>(
        self,
        mut timeouts: Timeouts,
        observe: impl FnMut() -> F,
    ) -> BackendResult<Change> {
        if matches!(self, Self::Denied(_)) {
            // There is no effect to wait for.
            timeouts.settle = Duration::ZERO;
        }
        let done = |seen: &Observation| *seen == Observation::Done;
        let seen = poll_until(timeouts.settle, timeouts.look, observe, done).await;
        self.outcome(seen)
    }

    /// What came of a change with this response, by the last observation.
    fn outcome(self, seen: Observation) -> BackendResult<Change> {
        match (seen, self) {
            (Observation::Done, _) => Ok(Change::Changed),
            (Observation::NotDone, Self::Accepted) => Ok(Change::Unchanged),
            (Observation::Unclear, Self::Accepted) => Ok(Change::Accepted),
            // An error that left everything as it was is told in its own words.
            (
                Observation::NotDone,
                Self::Denied(error) | Self::Ambiguous(error @ BackendError::Failed { .. }),
            ) => Err(error),
            (_, Self::Denied(_) | Self::Ambiguous(_)) => Ok(Change::Unknown),
        }
    }
}

/// What came of the parts of a change, and why some were not made.
type MadeParts<const N: usize> = ([Option<Change>; N], Option<Untrusted>);

/// Puts the parts that were not made beside those that were.
///
/// # Errors
/// With the first error where no part was made.
pub(super) fn parts<const N: usize>(
    made: [Option<BackendResult<Change>>; N],
) -> BackendResult<MadeParts<N>> {
    let mut errors = Vec::new();
    let changes = made.map(|part| {
        part.map(|made| {
            made.unwrap_or_else(|error| {
                errors.push(error);
                Change::NotMade
            })
        })
    });
    let made_any = changes.iter().flatten().any(|it| *it != Change::NotMade);
    let mut reasons: Vec<String> = errors.iter().map(BackendError::before_part).collect();
    reasons.dedup();
    match errors.into_iter().next() {
        Some(error) if !made_any => Err(error),
        error => Ok((changes, error.map(|_| Untrusted::new(&reasons.join("; "))))),
    }
}

/// What came of a group's permissions, part by part.
///
/// # Errors
/// With the first error where no part was made.
pub(super) fn permissions(
    group: GroupId,
    send_messages: Option<BackendResult<Change>>,
    edit_info: Option<BackendResult<Change>>,
) -> BackendResult<PermissionsChanged> {
    let ([send_messages, edit_info], reason) = parts([send_messages, edit_info])?;
    let changes = ChangedPermissions {
        send_messages,
        edit_info,
        group,
    };
    Ok(PermissionsChanged::new(changes, reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_that_was_not_made_stands_beside_one_that_was() {
        let group = GroupId::parse("120363000000000001@g.us").unwrap();
        let parts = |send, edit| permissions(group.clone(), send, edit);
        let both = parts(
            Some(Ok(Change::Changed)),
            Some(Err(BackendError::Cancelled)),
        )
        .unwrap();
        assert_eq!(both.parts.edit_info, Some(Change::NotMade));
        let reason = both.reason.unwrap();
        assert!(!reason.as_str().contains("nothing"), "{reason}");
        assert!(!both.verified);
        for send in [None, Some(Err(BackendError::Cancelled))] {
            let none = parts(send, Some(Err(BackendError::Cancelled)));
            assert_eq!(none.unwrap_err(), BackendError::Cancelled);
        }
    }
}

//! From a change to its outcome: the request, the API's response to it, and what is
//! observed afterwards.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

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

/// What is fetched after a change; `None` where no answer comes within [`Timeouts::observe`].
pub(super) async fn fetch_once<T>(timeouts: Timeouts, fetch: impl Future<Output = T>) -> Option<T> {
    timeout(timeouts.observe, fetch).await.ok()
}

/// Fetches until `done` or until this time is up; returns what was fetched last.
///
/// A fetch has [`Timeouts::observe`] to answer, the first one also where the time is
/// shorter. `done` is asked about `None` for one that did not. A fetch that the end of the
/// time cuts short before that leaves the answer of the one before it.
///
/// The change is made by then. Its outcome is found out whoever still listens, so
/// this goes on when the call is cancelled.
pub(super) async fn poll_until<T, F: Future<Output = T>>(
    time: Duration,
    timeouts: Timeouts,
    mut fetch: impl FnMut() -> F,
    mut done: impl FnMut(Option<&T>) -> bool,
) -> Option<T> {
    let deadline = Instant::now() + time;
    let mut last = None;
    let mut patience = timeouts.observe;
    loop {
        match timeout(patience, fetch()).await {
            Ok(fetched) => last = Some(fetched),
            Err(_) if patience < timeouts.observe => return last,
            Err(_) => last = None,
        }
        if done(last.as_ref()) || Instant::now() >= deadline {
            return last;
        }
        sleep(timeouts.look).await;
        patience = deadline
            .saturating_duration_since(Instant::now())
            .min(timeouts.observe);
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
    let done =
        |seen: Option<&Option<Delivery>>| seen.is_none_or(|seen| *seen != Some(Delivery::Accepted));
    let seen = poll_until(timeouts.confirm, timeouts, fetch, done).await;
    seen.flatten().unwrap_or(Delivery::Accepted)
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

    /// Observes until the change shows, an observation gets no answer, or time is up;
    /// returns the outcome of the change.
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
    ) -> BackendResult<(Change, Option<T>)> {
        if let Self::Denied(error) = self {
            return Err(error);
        }
        let seen = observe_until_done(timeouts, fetch, &observe).await;
        let change = self.outcome(seen.as_ref().map_or(Observation::Unclear, observe))?;
        Ok((change, seen))
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
        let seen = observe_until_done(timeouts, observe, |seen| *seen).await;
        self.outcome(seen.unwrap_or(Observation::Unclear))
    }

    /// What came of a change with this response, by the last observation.
    pub(super) fn outcome(self, seen: Observation) -> BackendResult<Change> {
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

/// What is fetched last, until it shows the change, or a fetch gets no answer.
pub(super) async fn observe_until_done<T, F: Future<Output = T>>(
    timeouts: Timeouts,
    fetch: impl FnMut() -> F,
    observe: impl Fn(&T) -> Observation,
) -> Option<T> {
    let done = |seen: Option<&T>| seen.is_none_or(|seen| observe(seen) == Observation::Done);
    poll_until(timeouts.settle, timeouts, fetch, done).await
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

    const SHORT: Duration = Duration::from_millis(1);
    const NEVER: Duration = Duration::from_secs(600);

    /// Polls for this time; each fetch hangs from the given one on.
    async fn polled(time: Duration, observe: Duration, hangs_from: u32) -> (Option<u32>, u32) {
        let timeouts = Timeouts {
            observe,
            look: SHORT,
            ..Timeouts::default()
        };
        let mut fetched = 0;
        let fetch = || {
            fetched += 1;
            let number = fetched;
            async move {
                if number >= hangs_from {
                    std::future::pending::<()>().await;
                }
                number
            }
        };
        let last = poll_until(time, timeouts, fetch, |seen| seen.is_none()).await;
        (last, fetched)
    }

    #[tokio::test]
    async fn a_fetch_that_hangs_is_asked_about_after_its_own_time() {
        assert_eq!(polled(NEVER, SHORT, 1).await, (None, 1));
        assert_eq!(polled(NEVER, SHORT, 2).await, (None, 2));
        assert_eq!(polled(Duration::ZERO, SHORT, 1).await, (None, 1));
    }

    #[tokio::test]
    async fn a_fetch_that_is_cut_short_leaves_the_answer_before_it() {
        assert_eq!(polled(Duration::ZERO, NEVER, 2).await, (Some(1), 1));
        assert_eq!(polled(SHORT * 20, NEVER, 2).await.0, Some(1));
    }

    /// What ends a poll long before its time, and how often it has fetched by then.
    async fn ended<T>(polling: impl Future<Output = T>) -> T {
        let patience = Duration::from_secs(20);
        timeout(patience, polling).await.expect("it goes on")
    }

    #[tokio::test]
    async fn a_confirmation_or_a_failure_ends_the_look() {
        let timeouts = Timeouts {
            confirm: NEVER,
            settle: NEVER,
            look: SHORT,
            ..Timeouts::default()
        };
        for seen in [Some(Delivery::Sent), Some(Delivery::Failed), None] {
            let mut fetched = 0;
            let fetch = || {
                fetched += 1;
                let answer = if fetched < 3 {
                    Some(Delivery::Accepted)
                } else {
                    seen
                };
                async move { answer }
            };
            let delivery = ended(confirm(timeouts, &Progress::default(), fetch)).await;
            assert_eq!(delivery, seen.unwrap_or(Delivery::Accepted));
            assert_eq!(fetched, 3, "{seen:?}");
        }
        let mut fetched = 0;
        let observe = || {
            fetched += 1;
            let seen = match fetched {
                1 => Observation::NotDone,
                2 => Observation::Unclear,
                _ => Observation::Done,
            };
            async move { seen }
        };
        let change = ended(Response::Accepted.verify(timeouts, observe)).await;
        assert_eq!(change.unwrap(), Change::Changed);
        assert_eq!(fetched, 3);
    }
}

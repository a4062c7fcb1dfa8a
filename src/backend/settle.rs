//! From what an API said of a change, and what it shows afterwards, to what came of it.

use super::effect::{leaves_doubt, watch};
use crate::{
    config::Timeouts,
    op::{BackendError, Change, GroupId, PermissionsChanged, Untrusted},
};

/// What the API said of a change.
#[derive(Clone)]
pub(super) enum Said {
    Yes,
    /// An explicit no at a status of success.
    No(BackendError),
    /// Nothing that can be relied on.
    Doubt(BackendError),
}

/// What a look shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    Done,
    NotDone,
    /// The API does not tell.
    Nothing,
}

impl Said {
    /// The API's word on a change.
    ///
    /// # Errors
    /// With the fault that leaves no doubt that nothing was changed.
    pub(super) fn of<T>(
        answer: Result<T, BackendError>,
        denied: impl FnOnce(&T) -> Option<BackendError>,
    ) -> Result<Self, BackendError> {
        match answer {
            Ok(reply) => Ok(denied(&reply).map_or(Self::Yes, Self::No)),
            Err(fault) if leaves_doubt(&fault) => Ok(Self::Doubt(fault)),
            Err(fault) => Err(fault),
        }
    }
}

impl Seen {
    /// Done where what is told is what was wanted.
    pub(super) fn wanted(told: Option<bool>) -> Self {
        match told {
            Some(true) => Self::Done,
            Some(false) => Self::NotDone,
            None => Self::Nothing,
        }
    }
}

/// Looks until the change shows or time is up; what came of it.
///
/// # Errors
/// With the API's refusal where it left everything as it was.
pub(super) async fn settle<F>(
    said: Said,
    timeouts: Timeouts,
    look: impl FnMut() -> F,
) -> Result<Change, BackendError>
where
    F: Future<Output = Seen>,
{
    // There is no effect to wait for.
    if let Said::No(fault) = said {
        return Err(fault);
    }
    let shows = |seen: &Seen| *seen == Seen::Done;
    judge(
        watch(timeouts.settle, timeouts.look, look, shows).await,
        said,
    )
}

/// What came of a change that the API said this of, when this is seen at last.
///
/// # Errors
/// With the API's refusal where it left everything as it was.
pub(super) fn judge(seen: Seen, said: Said) -> Result<Change, BackendError> {
    match (seen, said) {
        (Seen::Done, _) => Ok(Change::Changed),
        (_, Said::No(fault)) => Err(fault),
        (Seen::NotDone, Said::Yes) => Ok(Change::Unchanged),
        (Seen::Nothing, Said::Yes) => Ok(Change::Accepted),
        // A refusal that left everything as it was is a refusal.
        (Seen::NotDone, Said::Doubt(fault @ BackendError::Refused { .. })) => Err(fault),
        (_, Said::Doubt(_)) => Ok(Change::Unknown),
    }
}

/// What came of the parts of a change, and why some were not made.
type Parts<const N: usize> = ([Option<Change>; N], Option<Untrusted>);

/// Tells the parts that were not made beside those that were.
///
/// # Errors
/// With the first fault where nothing was made beside it.
pub(super) fn parts<const N: usize>(
    made: [Option<Result<Change, BackendError>>; N],
) -> Result<Parts<N>, BackendError> {
    let mut faults = Vec::new();
    let changes = made.map(|part| {
        part.map(|made| {
            made.unwrap_or_else(|fault| {
                faults.push(fault);
                Change::NotMade
            })
        })
    });
    let made_any = changes.iter().flatten().any(|it| *it != Change::NotMade);
    let mut reasons: Vec<String> = faults.iter().map(reason).collect();
    reasons.dedup();
    match faults.into_iter().next() {
        Some(fault) if !made_any => Err(fault),
        fault => Ok((changes, fault.map(|_| Untrusted::new(&reasons.join("; "))))),
    }
}

fn reason(fault: &BackendError) -> String {
    match fault {
        // Its own words say that nothing was changed.
        BackendError::Cancelled => "the call was cancelled before this part".into(),
        fault => fault.to_string(),
    }
}

/// What came of a group's permissions, part by part.
///
/// # Errors
/// With the first fault where nothing was made beside it.
pub(super) fn permissions(
    group: GroupId,
    send_messages: Option<Result<Change, BackendError>>,
    edit_info: Option<Result<Change, BackendError>>,
) -> Result<PermissionsChanged, BackendError> {
    let ([send_messages, edit_info], reason) = parts([send_messages, edit_info])?;
    Ok(PermissionsChanged::new(
        group,
        send_messages,
        edit_info,
        reason,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_that_was_made_is_told_beside_one_that_was_not() {
        let group = GroupId::parse("120363000000000001@g.us").unwrap();
        let parts = |send, edit| permissions(group.clone(), send, edit);
        let both = parts(
            Some(Ok(Change::Changed)),
            Some(Err(BackendError::Cancelled)),
        )
        .unwrap();
        assert_eq!(both.edit_info, Some(Change::NotMade));
        let reason = both.reason.unwrap();
        assert!(!reason.as_str().contains("nothing"), "{reason}");
        assert!(!both.verified);
        for send in [None, Some(Err(BackendError::Cancelled))] {
            let none = parts(send, Some(Err(BackendError::Cancelled)));
            assert_eq!(none.unwrap_err(), BackendError::Cancelled);
        }
    }
}

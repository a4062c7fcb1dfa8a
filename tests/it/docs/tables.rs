//! The table of error codes in README.md.

use whatsapp_guard::op::{BackendError, GUARD, Untrusted};

#[test]
fn every_fault_is_in_the_readme() {
    let (api, why) = ("WAHA", String::new());
    let refused = |api| BackendError::refused(api, "no", "");
    let faults = [
        (refused(api), "backend-refused"),
        (refused(GUARD), "media-refused"),
        (
            BackendError::Unreachable {
                api,
                address: String::new(),
                why: why.clone(),
            },
            "backend-unreachable",
        ),
        (
            BackendError::Unreadable {
                api,
                why: why.clone(),
            },
            "backend-unreadable",
        ),
        (BackendError::OutcomeUnknown { api, why }, "outcome-unknown"),
        (
            BackendError::Failed {
                api,
                status: 500,
                message: Untrusted::new("oops"),
            },
            "outcome-unknown",
        ),
        (BackendError::Cancelled, "cancelled"),
        (BackendError::TooLarge(1), "answer-too-large"),
        (BackendError::internal(&"a defect"), "internal"),
    ];
    let readme = include_str!("../../../README.md");
    for (fault, code) in faults {
        assert_eq!(fault.code(), code);
        assert!(
            readme.contains(&format!("`{code}`")),
            "{code} is not in the README"
        );
    }
}

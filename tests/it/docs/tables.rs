//! Tables of error codes and tools in README.md and docs/tools.md.

use serde_json::Value;
use whatsapp_guard::op::{BackendError, GUARD, Untrusted};

#[test]
fn every_fault_is_in_the_readme() {
    let (api, why) = ("WAHA", String::new());
    let refused = |api| BackendError::Refused {
        api,
        status: None,
        said: Untrusted::new("no"),
        next: "",
    };
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

#[test]
fn the_readme_has_the_table_of_tools() {
    let readme = include_str!("../../../README.md");
    let docs = include_str!("../../../docs/tools.md");
    let output = assert_cmd::Command::cargo_bin("whatsapp-guard")
        .unwrap()
        .args(["tools", "--json"])
        .output()
        .unwrap();
    let rows: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    for row in rows {
        let name = row["name"].as_str().unwrap();
        let on = |kind: &str| {
            let offered = row["back_ends"]
                .as_array()
                .unwrap()
                .iter()
                .any(|end| end == kind);
            if offered { "yes" } else { "–" }
        };
        if row["back_ends"].as_array().unwrap().is_empty() {
            continue;
        }
        let line = format!(
            "| `{name}` | {} | {} | {} | {} |",
            row["risk"].as_str().unwrap(),
            on("waha"),
            on("green-api"),
            on("sandbox"),
        );
        assert!(readme.contains(&line), "the README lacks:\n{line}");
        assert!(
            docs.contains(&format!("\n## {name}\n")),
            "docs/tools.md has no heading for {name}"
        );
        assert!(
            docs.contains(row["description"].as_str().unwrap()),
            "docs/tools.md describes {name} differently"
        );
    }
}

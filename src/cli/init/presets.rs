//! The policies that `init --preset` writes.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use crate::policy;

/// A policy to start with, and its cases.
#[derive(Debug, Clone, Copy)]
pub(super) struct Preset {
    name: &'static str,
    about: &'static str,
    pub(super) policy: &'static str,
    /// Calls with expected effects; none for the built-in policy.
    pub(super) cases: Option<&'static str>,
}

impl Preset {
    /// The built-in policy, which names every key.
    pub(super) const BUILT_IN: Self = Self {
        name: "built-in",
        about: "the policy that is in force if none is named, with a comment for each key",
        policy: policy::DEFAULT,
        cases: None,
    };

    /// Every preset that has a name on the command line.
    const ALL: [Self; 6] = [
        Self {
            name: "read-only",
            about: "reads, and changes nothing",
            policy: include_str!("../../../examples/policies/read-only.toml"),
            cases: Some(include_str!(
                "../../../examples/policies/read-only.cases.toml"
            )),
        },
        Self {
            name: "ask-every-send",
            about: "reads freely, and asks a person before each change",
            policy: include_str!("../../../examples/policies/ask-every-send.toml"),
            cases: Some(include_str!(
                "../../../examples/policies/ask-every-send.cases.toml"
            )),
        },
        Self {
            name: "family",
            about: "reads and writes in the chats of the family, by day",
            policy: include_str!("../../../examples/policies/family.toml"),
            cases: Some(include_str!("../../../examples/policies/family.cases.toml")),
        },
        Self {
            name: "replies-only",
            about: "answers whoever wrote within the last day, and writes to nobody else",
            policy: include_str!("../../../examples/policies/replies-only.toml"),
            cases: Some(include_str!(
                "../../../examples/policies/replies-only.cases.toml"
            )),
        },
        Self {
            name: "business-hours",
            about: "writes on working days between eight and six, and else only reads",
            policy: include_str!("../../../examples/policies/business-hours.toml"),
            cases: Some(include_str!(
                "../../../examples/policies/business-hours.cases.toml"
            )),
        },
        Self {
            name: "team",
            about: "writes to the team freely, and asks before it writes to anybody else",
            policy: include_str!("../../../examples/policies/team.toml"),
            cases: Some(include_str!("../../../examples/policies/team.cases.toml")),
        },
    ];
}

/// Reads the name of a preset.
pub(super) fn preset_parser() -> impl TypedValueParser<Value = Preset> {
    let names = Preset::ALL.iter();
    let names = names.map(|preset| PossibleValue::new(preset.name).help(preset.about));
    PossibleValuesParser::new(names).try_map(|name| {
        let found = Preset::ALL.iter().find(|preset| preset.name == name);
        found.copied().ok_or("there is no such preset")
    })
}

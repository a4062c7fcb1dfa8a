//! What a policy looks at, for people who ask before they call.

use jiff::tz::TimeZone;

use super::{Policy, Standing, sheet::Ruling};
use crate::{gate::Code, op::Risk, toolset::Facts};

impl Policy {
    /// The time zone of its hours; UTC where it has none.
    pub fn zone(&self, grant: &str) -> TimeZone {
        let mut hours = self
            .sheets_of(grant)
            .filter_map(|sheet| sheet.hours.as_ref());
        let zone = hours.next().map(|hours| hours.quiet.zone().clone());
        zone.unwrap_or(TimeZone::UTC)
    }

    /// Whether any rule looks at what was read before.
    pub fn asks_what_was_read(&self, grant: &str) -> bool {
        self.sheets_of(grant).any(|sheet| sheet.flow.is_some())
    }

    /// The names of groups that the rules for a caller use, each once.
    pub fn group_names_for(&self, grant: &str) -> Vec<&str> {
        let sheets = self.sheets_of(grant);
        let mut names: Vec<&str> = sheets.flat_map(|sheet| sheet.group_names()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Whether a call is let through whatever is said of it, because the policy is only
    /// tried out. What cannot be undone never is, nor what reading alone rules out.
    pub fn lets_through(&self, facts: &Facts, standing: &Standing) -> bool {
        let code = standing.because().map(|because| because.code);
        self.mode.shadow.is_some()
            && facts.risk != Risk::Destructive
            && code != Some(Code::ReadOnly)
    }

    /// On what else it depends what becomes of a tool's calls, in a few words each.
    pub fn depends_on(&self, tool: &str, risk: Risk, grant: &str) -> Vec<String> {
        let mut words: Vec<String> = Vec::new();
        let rulings = || {
            let sheets = self.sheets_of(grant);
            sheets.filter_map(|sheet| sheet.rulings.get(tool))
        };
        if rulings().any(Ruling::is_conditional) {
            words.push("under conditions".to_owned());
        }
        for rule in rulings().flat_map(|ruling| &ruling.paces) {
            words.push(format!("with gaps of {}", rule.pace));
        }
        for sheet in self.sheets_of(grant) {
            if let Some(hours) = sheet
                .hours
                .as_ref()
                .filter(|hours| hours.applies_to.contains(&risk))
            {
                words.push(format!("not as usual {}", hours.quiet));
            }
        }
        words.dedup();
        words
    }
}

impl Ruling {
    fn is_conditional(&self) -> bool {
        !self.conditional.is_empty()
    }
}

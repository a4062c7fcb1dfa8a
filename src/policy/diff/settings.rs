//! Hours, health, mode and confirmation.

use std::cmp::Ordering;

use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};

use super::{Direction, Grouped, Pair, PolicyChange, Side};
use crate::{
    policy::{Confirmation, Health, Policy, layer::HoursScope},
    text::{for_people, per},
};

/// The days on which the hours are compared minute by minute; clocks change in between.
const DAYS: [(i16, i8, i8); 4] = [(2027, 1, 15), (2027, 4, 5), (2027, 7, 15), (2027, 10, 29)];

/// The rest of the week of the first one, for hours that are not on each day.
const WEEK: [(i16, i8, i8); 6] = [
    (2027, 1, 11),
    (2027, 1, 12),
    (2027, 1, 13),
    (2027, 1, 14),
    (2027, 1, 16),
    (2027, 1, 17),
];

fn minutes(of_week: bool) -> impl Iterator<Item = Timestamp> {
    let week = WEEK.into_iter().filter(move |_| of_week);
    let days = DAYS
        .into_iter()
        .chain(week)
        .filter_map(|(year, month, day)| {
            let date = Date::new(year, month, day).ok()?;
            Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp())
        });
    days.flat_map(|day| {
        (0..24 * 60).filter_map(move |minute: i64| day.checked_add(minute.minutes()).ok())
    })
}

impl Pair<'_> {
    pub(super) fn hours(self) -> Vec<PolicyChange> {
        let has = |policy: &Policy| {
            let mut layers = policy.layers_of(self.grant);
            layers.any(|one| !one.hours.is_empty())
        };
        let (mut classes, mut first_time) = (Grouped::around("", " tools"), Grouped::default());
        if !has(self.old) && !has(self.new) {
            return Vec::new();
        }
        let zone = self.new.zone(self.grant);
        let has_free_days = |policy: &Policy| {
            let mut hours = policy.layers_of(self.grant).flat_map(|layer| &layer.hours);
            hours.any(|hours| hours.quiet.has_free_days())
        };
        let of_week = has_free_days(self.old) || has_free_days(self.new);
        for scope in HoursScope::ALL {
            let mut shown = [false; 2];
            for at in minutes(of_week) {
                let [old, new] = [self.old, self.new].map(|policy| {
                    let layers = policy.layers_of(self.grant);
                    let hours = layers.flat_map(|layer| &layer.hours);
                    let hours = hours
                        .filter(|hours| hours.applies_to.contains(&scope) && hours.quiet.holds(at));
                    Side::strictest(hours.map(|hours| (hours.action, &hours.place)))
                });
                let slot = match old.0.cmp(&new.0) {
                    Ordering::Equal => continue,
                    Ordering::Greater => 0,
                    Ordering::Less => 1,
                };
                if let Some(shown) = shown.get_mut(slot)
                    && !*shown
                {
                    *shown = true;
                    let time = at.to_zoned(zone.clone());
                    let when = match of_week {
                        true => time.strftime("%a %H:%M %Z"),
                        false => time.strftime("%H:%M %Z"),
                    };
                    let says = |side: Side| Side {
                        says: format!("{} at {when}", side.says),
                        ..side
                    };
                    let (old, new) = ((old.0, says(old.1)), (new.0, says(new.1)));
                    match scope {
                        HoursScope::Class(risk) => classes.compare(risk.name(), old, new),
                        HoursScope::FirstTime => {
                            first_time.compare("first-time recipients", old, new);
                        }
                    }
                }
            }
        }
        let mut found = classes.changes();
        found.extend(first_time.changes());
        found
    }

    /// What pauses the account, and for how long.
    pub(super) fn health(self) -> Vec<PolicyChange> {
        let mut found = Grouped::default();
        let none = || Side::new("no pause", None);
        let pause = |health: &Health| {
            let text = format!("a pause of {}", for_people(health.cooldown));
            Side::new(text, Some(&health.rule))
        };
        for (from, to, direction) in self.both_ways() {
            for health in &from.health {
                for word in &health.pause_on {
                    let others = to.health.iter().filter(|other| other.pauses_on(word));
                    let best = others.max_by_key(|other| other.cooldown);
                    if best.is_none_or(|other| other.cooldown < health.cooldown) {
                        let (name, other) =
                            (format!("the state {word}"), best.map_or_else(none, pause));
                        found.restriction(direction, &name, pause(health), other);
                    }
                }
                let Some((max, window)) = health.failures else {
                    continue;
                };
                let side = |health: &Health| {
                    let (max, window) = health.failures?;
                    let (window, time) = (per(window), for_people(health.cooldown));
                    let says = format!("a pause of {time} after {max} per {window}");
                    Some(Side::new(says, Some(&health.rule)))
                };
                let keeps = |other: &Health| {
                    other.cooldown >= health.cooldown
                        && other
                            .failures
                            .is_some_and(|(most, within)| most <= max && within >= window)
                };
                if !to.health.iter().any(keeps) {
                    let [has, other] = [side(health), to.health.iter().find_map(side)]
                        .map(|side| side.unwrap_or_else(none));
                    found.restriction(direction, "failed calls", has, other);
                }
            }
        }
        found.changes()
    }

    pub(super) fn mode(self) -> Vec<PolicyChange> {
        let mut found = Grouped::default();
        let [old, new] = [self.old, self.new].map(|policy| match &policy.mode.shadow {
            Some(place) => (0, Side::new("shadow", Some(place))),
            None => (1, Side::new("enforce", None)),
        });
        found.compare("the mode", old, new);
        let [old, new] = [self.old, self.new].map(|policy| match &policy.mode.read_only {
            Some(place) => (1, Side::new("read only", Some(place))),
            None => (0, Side::new("all tools", None)),
        });
        found.compare("the mode", old, new);
        found.changes()
    }

    /// How a person is asked. Whether one is asked is compared for each tool.
    pub(super) fn confirmation(self) -> Vec<PolicyChange> {
        let mut found = Grouped::default();
        let (old, new) = (&self.old.confirmation, &self.new.confirmation);
        if !old.enabled || !new.enabled {
            return Vec::new();
        }
        let within = |time| Side::new(format!("within {}", for_people(time)), None);
        let direction = match new.expires.cmp(&old.expires) {
            Ordering::Greater => Some(Direction::Looser),
            Ordering::Less => Some(Direction::Tighter),
            Ordering::Equal => None,
        };
        if let Some(direction) = direction {
            let (old, new) = (within(old.expires), within(new.expires));
            found.add(direction, "an answer to a question", old, new);
        }
        let after =
            |time: std::time::Duration| Side::new(format!("after {} ms", time.as_millis()), None);
        let direction = match new.min_answer_time.cmp(&old.min_answer_time) {
            Ordering::Less => Some(Direction::Looser),
            Ordering::Greater => Some(Direction::Tighter),
            Ordering::Equal => None,
        };
        if let Some(direction) = direction {
            let (old, new) = (after(old.min_answer_time), after(new.min_answer_time));
            found.add(direction, "an answer to a question", old, new);
        }
        let [was, is] = [old, new].map(|asked| {
            let window = per(asked.prompt_window);
            let says = format!("at most {} per {window}", asked.prompt_max);
            Side::new(says, Some(&asked.prompt_rule))
        });
        let rate = |asked: &Confirmation| {
            asked.prompt_window.as_nanos() / u128::from(asked.prompt_max.get())
        };
        if new.prompt_max > old.prompt_max || rate(new) < rate(old) {
            found.add(Direction::Looser, "questions", was.clone(), is.clone());
        }
        if new.prompt_max < old.prompt_max || rate(new) > rate(old) {
            found.add(Direction::Tighter, "questions", was, is);
        }
        found.changes()
    }
}

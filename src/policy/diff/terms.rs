//! Hours, health, mode and confirmation.

use std::{cmp::Ordering, time::Duration};

use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};

use super::{Change, Direction, Grouped, Pair, Side, people::worst};
use crate::{
    op::Risk,
    policy::{Policy, limit::words},
    text::for_people,
};

/// Days on which the hours are compared, minute by minute: clocks are set in between.
const DAYS: [(i16, i8, i8); 4] = [(2027, 1, 15), (2027, 4, 5), (2027, 7, 15), (2027, 10, 29)];

fn minutes() -> impl Iterator<Item = Timestamp> {
    let days = DAYS.into_iter().filter_map(|(year, month, day)| {
        let date = Date::new(year, month, day).ok()?;
        Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp())
    });
    days.flat_map(|day| {
        (0..24 * 60).filter_map(move |minute: i64| day.checked_add(minute.minutes()).ok())
    })
}

impl Pair<'_> {
    pub(super) fn hours(self) -> Vec<Change> {
        let has = |policy: &Policy| policy.layers_of(self.grant).any(|one| one.hours.is_some());
        let mut found = Grouped::around("", " tools");
        if !has(self.old) && !has(self.new) {
            return Vec::new();
        }
        let zone = self.new.zone(self.grant);
        for risk in Risk::ALL {
            let mut told = [false; 2];
            for at in minutes() {
                let [old, new] = [self.old, self.new].map(|policy| {
                    let layers = policy.layers_of(self.grant);
                    let hours = layers.filter_map(|layer| layer.hours.as_ref());
                    let hours = hours
                        .filter(|hours| hours.applies_to.contains(&risk) && hours.quiet.holds(at));
                    worst(hours.map(|hours| (hours.action, &hours.place)))
                });
                let slot = match old.0.cmp(&new.0) {
                    std::cmp::Ordering::Equal => continue,
                    std::cmp::Ordering::Greater => 0,
                    std::cmp::Ordering::Less => 1,
                };
                if let Some(told) = told.get_mut(slot)
                    && !*told
                {
                    *told = true;
                    let time = at.to_zoned(zone.clone());
                    let when = time.strftime("%H:%M %Z");
                    let says = |side: Side| Side {
                        says: format!("{} at {when}", side.says),
                        ..side
                    };
                    found.compare(risk.name(), (old.0, says(old.1)), (new.0, says(new.1)));
                }
            }
        }
        found.changes()
    }

    /// Before which trouble the account is left alone, and for how long.
    pub(super) fn health(self) -> Vec<Change> {
        let mut found = Grouped::default();
        let none = || Side::new("no pause", None);
        let pause = |time: Duration, rule| {
            Side::new(format!("a pause of {}", for_people(time)), Some(rule))
        };
        for (from, to, direction) in [
            (self.old, self.new, Direction::Looser),
            (self.new, self.old, Direction::Tighter),
        ] {
            let mut tell = |about: &str, gone: Side, instead: Side| match direction {
                Direction::Looser => found.add(direction, about, gone, instead),
                Direction::Tighter => found.add(direction, about, instead, gone),
            };
            for health in &from.health {
                for word in &health.pause_on {
                    let others = to.health.iter().filter(|other| other.pauses_on(word));
                    let best = others.max_by_key(|other| other.cooldown);
                    if best.is_none_or(|other| other.cooldown < health.cooldown) {
                        let instead =
                            best.map_or_else(none, |other| pause(other.cooldown, &other.rule));
                        let gone = pause(health.cooldown, &health.rule);
                        tell(&format!("the state {word}"), gone, instead);
                    }
                }
                let Some((max, window)) = health.failures else {
                    continue;
                };
                let side = |health: &crate::policy::Health| {
                    let (max, window) = health.failures?;
                    let (window, time) = (words(window), for_people(health.cooldown));
                    let says = format!("a pause of {time} after {max} per {window}");
                    Some(Side::new(says, Some(&health.rule)))
                };
                let keeps = |other: &&crate::policy::Health| {
                    other.cooldown >= health.cooldown
                        && other
                            .failures
                            .is_some_and(|(most, within)| most <= max && within >= window)
                };
                if !to.health.iter().any(|other| keeps(&other)) {
                    let instead = to.health.iter().find_map(side).unwrap_or_else(none);
                    tell(
                        "calls that fail",
                        side(health).unwrap_or_else(none),
                        instead,
                    );
                }
            }
        }
        found.changes()
    }

    pub(super) fn mode(self) -> Vec<Change> {
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

    /// How a person is asked; whether one is, is said of the tools.
    pub(super) fn confirmation(self) -> Vec<Change> {
        let mut found = Grouped::default();
        let (old, new) = (&self.old.confirmation, &self.new.confirmation);
        if !old.enabled || !new.enabled {
            return Vec::new();
        }
        let within = |time| Side::new(format!("within {}", for_people(time)), None);
        let way = match new.expires.cmp(&old.expires) {
            Ordering::Greater => Some(Direction::Looser),
            Ordering::Less => Some(Direction::Tighter),
            Ordering::Equal => None,
        };
        if let Some(way) = way {
            found.add(
                way,
                "an answer to a question",
                within(old.expires),
                within(new.expires),
            );
        }
        let [was, is] = [old, new].map(|asked| {
            let window = words(asked.prompt_window);
            let says = format!("at most {} per {window}", asked.prompt_max);
            Side::new(says, Some(&asked.prompt_rule))
        });
        let rate = |asked: &crate::policy::Confirmation| {
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

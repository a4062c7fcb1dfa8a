//! Files that may be sent.

use std::cmp::Ordering;

use super::{Direction, Grouped, Pair, PolicyChange, Side};
use crate::{
    media::{CONTENT_TYPES, MediaOrigin},
    policy::{Policy, RuleLocation, media::SendableFiles},
    text::in_bytes,
};

impl Pair<'_> {
    /// The types, sources and sizes of files that may be sent.
    pub(super) fn media(self) -> Vec<PolicyChange> {
        let mut found = Grouped::default();
        let mut compare = |name: &str, allows: &dyn Fn(&SendableFiles) -> bool| {
            let [old, new] = [self.old, self.new].map(|policy| self.refusing(policy, allows));
            found.compare(name, old, new);
        };
        let types = CONTENT_TYPES.into_iter().map(Some).chain([None]);
        for mime in types {
            let name = match mime {
                Some(mime) => format!("files of {mime}"),
                None => "files of other types".to_owned(),
            };
            compare(&name, &|media| media.allows_type(mime));
        }
        for origin in MediaOrigin::ALL {
            let name = format!("files from {}", origin.name());
            compare(&name, &|media| media.allows_source(origin));
        }
        let most = [self.old, self.new].map(|policy| policy.max_file_bytes(self.grant));
        let bytes = most.map(|most| most.map_or(u64::MAX, |(bytes, _)| *bytes));
        let [old, new] = most.map(|most| match most {
            Some((bytes, place)) => Side::new(format!("at most {}", in_bytes(*bytes)), Some(place)),
            None => Side::new("any size", None),
        });
        let [was, is] = bytes;
        match is.cmp(&was) {
            Ordering::Greater => found.add(Direction::Looser, "files", old, new),
            Ordering::Less => found.add(Direction::Tighter, "files", old, new),
            Ordering::Equal => {}
        }
        found.changes()
    }

    /// Whether one of a policy's layers refuses such files, and which.
    fn refusing(self, policy: &Policy, allows: &dyn Fn(&SendableFiles) -> bool) -> (u8, Side) {
        let mut media = policy
            .layers_of(self.grant)
            .filter_map(|layer| layer.media.as_ref());
        let place: Option<&RuleLocation> =
            media.find(|media| !allows(media)).map(|media| &media.place);
        match place {
            Some(place) => (2, Side::new("refused", Some(place))),
            None => (0, Side::new("allowed", None)),
        }
    }
}

//! Which of our tools a name or a pattern of the source stands for.

use super::{read::Importer, shown};
use crate::{
    op,
    text::{has_parts, nearest},
};

/// The name that stands for every tool, in the source and here.
pub(super) const EVERY_TOOL: &str = "*";

/// How many unknown names get a hint, since the search for one takes time.
const MAX_HINTS: usize = 200;

impl Importer<'_> {
    /// Our tools of this name or pattern; reports one that no tool has.
    pub(super) fn named(&mut self, name: &str, start: usize, path: &str) -> Vec<&'static str> {
        let found: Vec<_> = match is_pattern(name) {
            true => matching(name),
            false => op::named(name)
                .into_iter()
                .map(|entry| entry.name)
                .collect(),
        };
        if found.is_empty() {
            self.lose(start, path, self.unknown(name));
            self.unknown_names += 1;
        }
        found
    }

    fn unknown(&self, name: &str) -> String {
        let known = op::catalogue()
            .iter()
            .flat_map(|entry| entry.known_as.iter().copied().chain([entry.name]));
        let near = (self.unknown_names < MAX_HINTS)
            .then(|| nearest(name, known))
            .flatten();
        match near {
            _ if is_pattern(name) => format!("no tool has a name like `{}`", shown(name)),
            Some(near) => format!(
                "there is no tool `{}`; the nearest is `{near}`",
                shown(name)
            ),
            None => format!("there is no tool `{}`", shown(name)),
        }
    }
}

/// Whether a name stands for all tools whose names are like it.
pub(super) fn is_pattern(name: &str) -> bool {
    name != EVERY_TOOL && name.contains(['*', '?', '[', ']', '{', '}'])
}

/// Whether a pattern has nothing but `*` that is not to be taken literally.
pub(super) fn is_plain_pattern(name: &str) -> bool {
    !name.contains(['?', '[', ']', '{', '}'])
}

/// Whether a pattern means these tools in a policy of ours, too.
pub(super) fn means_the_same(pattern: &str, tools: &[&'static str]) -> bool {
    let ours = op::matching(pattern).into_iter().map(|entry| entry.name);
    is_plain_pattern(pattern) && ours.eq(tools.iter().copied())
}

/// Our tools one of whose names a pattern may match; what it has besides `*` may be any text.
fn matching(pattern: &str) -> Vec<&'static str> {
    let parts: Vec<&str> = pattern.split(['*', '?', '[', ']', '{', '}']).collect();
    // What stands within brackets is one of several texts, so only the ends are certain.
    let parts = match is_plain_pattern(pattern) {
        true => parts,
        false => [parts.first(), parts.last()]
            .into_iter()
            .flatten()
            .copied()
            .collect(),
    };
    let has_name = |entry: &&op::Entry| {
        let mut theirs = entry.foreign_names();
        has_parts(entry.name, &parts) || theirs.any(|name| has_parts(&name, &parts))
    };
    let tools = op::catalogue().iter().filter(has_name);
    tools.map(|entry| entry.name).collect()
}

#[cfg(test)]
mod tests {
    use super::matching;

    #[test]
    fn a_pattern_is_for_each_tool_that_may_have_such_a_name() {
        for (pattern, has, lacks) in [
            ("waha_send_*", "send_poll", "list_chats"),
            ("send_*", "send_media", "get_group"),
            ("*_group", "leave_group", "list_groups"),
            ("get_*_info", "get_group", "get_session"),
            ("matrix_*", "send_poll", ""),
            ("send_[mt]*", "send_message", "list_chats"),
            ("send_{text,file}", "send_media", "get_group"),
            ("send_tex?", "send_message", "react"),
            ("*message*", "send_message", "list_groups"),
        ] {
            let tools = matching(pattern);
            assert!(tools.contains(&has), "{pattern}: {tools:?}");
            assert!(!tools.contains(&lacks), "{pattern}: {tools:?}");
        }
        assert!(matching("nothing_*").is_empty());
    }
}

//! Names with `*` for any text.

/// Whether a name consists of these parts, in this order, with any texts in between.
pub fn has_parts(name: &str, parts: &[&str]) -> bool {
    let [first, middle @ .., last] = parts else {
        return parts.contains(&name);
    };
    let Some(rest) = name.strip_prefix(first) else {
        return false;
    };
    let rest = middle
        .iter()
        .try_fold(rest, |rest, part| Some(rest.split_once(part)?.1));
    rest.is_some_and(|rest| rest.ends_with(last))
}

#[cfg(test)]
mod tests {
    use super::has_parts;

    #[test]
    fn any_text_may_stand_between_the_parts() {
        for (name, pattern, fits) in [
            ("send_poll", "send_*", true),
            ("send_", "send_*", true),
            ("send", "send_*", false),
            ("leave_group", "*_group", true),
            ("list_groups", "*_group", false),
            ("get_group_invite", "get_*_invite", true),
            ("get_invite", "get_*_invite", false),
            ("abab", "ab*ab*", true),
            ("aba", "ab*ba", false),
            ("react", "react", true),
            ("reacts", "react", false),
            ("anything", "*", true),
            ("", "*", true),
        ] {
            let parts: Vec<&str> = pattern.split('*').collect();
            assert_eq!(has_parts(name, &parts), fits, "{name} {pattern}");
        }
    }
}

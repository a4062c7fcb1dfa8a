//! Regular expressions of Go, which both formats use, in the words of ours.

/// A pattern that matches no text that the original does not match, and every text that it
/// matches; `None` where there is none.
///
/// In Go `\w`, `\d`, `\s` and `\b` know ASCII only, and a class has neither operators nor
/// classes inside.
pub(super) fn translate(pattern: &str) -> Option<String> {
    let mut out = String::with_capacity(pattern.len());
    let mut rest = pattern.chars().peekable();
    while let Some(letter) = rest.next() {
        match letter {
            '\\' => out.push_str(&escape(rest.next()?, false)?),
            '[' => class(&mut rest, &mut out)?,
            '(' => {
                out.push('(');
                if rest.next_if_eq(&'?').is_some() {
                    out.push('?');
                    flags(&mut rest, &mut out)?;
                }
            }
            letter => out.push(letter),
        }
    }
    Some(out)
}

type Letters<'p> = std::iter::Peekable<std::str::Chars<'p>>;

/// A letter after a backslash.
fn escape(letter: char, in_class: bool) -> Option<String> {
    let ascii = match letter {
        'w' => "0-9A-Za-z_",
        'd' => "0-9",
        's' => r"\t\n\x0C\r ",
        'W' | 'D' | 'S' => {
            let of = escape(letter.to_ascii_lowercase(), true)?;
            return Some(format!("[^{of}]"));
        }
        'b' if !in_class => return Some(r"(?-u:\b)".to_owned()),
        // Angle brackets are borders of words in ours.
        '<' | '>' => return Some(letter.to_string()),
        'a' | 'f' | 't' | 'n' | 'r' | 'v' | 'x' | 'p' | 'P' => return Some(format!("\\{letter}")),
        'A' | 'z' if !in_class => return Some(format!("\\{letter}")),
        _ if letter.is_ascii_punctuation() => return Some(format!("\\{letter}")),
        // `\B`, `\C`, `\Q` and octal numbers have no equal.
        _ => return None,
    };
    Some(match in_class {
        true => ascii.to_owned(),
        false => format!("[{ascii}]"),
    })
}

/// The rest of `[…]`.
fn class(rest: &mut Letters<'_>, out: &mut String) -> Option<()> {
    out.push('[');
    if rest.next_if_eq(&'^').is_some() {
        out.push('^');
    }
    let mut is_first = true;
    loop {
        match rest.next()? {
            ']' if !is_first => break,
            ']' => out.push_str("\\]"),
            '[' if rest.peek() == Some(&':') => posix(rest, out)?,
            letter @ ('[' | '&' | '~') => {
                out.push('\\');
                out.push(letter);
            }
            // Two of them are an operator of ours.
            '-' if rest.peek() == Some(&'-') => return None,
            '\\' => out.push_str(&escape(rest.next()?, true)?),
            letter => out.push(letter),
        }
        is_first = false;
    }
    out.push(']');
    Some(())
}

/// The rest of `[:alpha:]`, which is ASCII in both.
fn posix(rest: &mut Letters<'_>, out: &mut String) -> Option<()> {
    out.push('[');
    loop {
        let letter = rest.next()?;
        if !letter.is_ascii_lowercase() && !matches!(letter, ':' | '^' | ']') {
            return None;
        }
        out.push(letter);
        if letter == ']' {
            return out.ends_with(":]").then_some(());
        }
    }
}

/// What follows `(?`: flags that both know, or the name of a group.
fn flags(rest: &mut Letters<'_>, out: &mut String) -> Option<()> {
    if matches!(rest.peek(), Some('P' | '<')) {
        return Some(());
    }
    loop {
        let letter = rest.next()?;
        out.push(letter);
        match letter {
            ':' | ')' => return Some(()),
            'i' | 'm' | 's' | 'U' | '-' => {}
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use regex::Regex;

    use super::translate;

    #[test]
    fn classes_of_letters_are_those_of_ascii() {
        for (pattern, text, matches) in [
            (r"^\w+$", "abc_9", true),
            (r"^\w+$", "äbc", false),
            (r"^[\w\s.,!?]+$", "Hi, you!", true),
            (r"^[\w\s.,!?]+$", "Hi, дом", false),
            (r"^\d+$", "12", true),
            (r"^\d+$", "١٢", false),
            (r"^\s$", "\u{a0}", false),
            (r"^\W$", "ä", true),
            (r"^[^\W]$", "a", true),
            (r"^[\D]$", "1", false),
            (r"\biban\b", "my iban is", true),
            (r"\biban\b", "äiban", true),
            (r"(?i)\biban\b", "IBAN", true),
            (r"^[a&&b]$", "&", true),
            (r"^[[a]$", "[", true),
            (r"^[[:alpha:]~]+$", "a~", true),
            (r"^[]a]$", "]", true),
            (r"\<a\>", "<a>", true),
            (r"(?P<all>a)(?:b)(?i-s:C)", "abc", true),
            (r"^a\/b\-c$", "a/b-c", true),
        ] {
            let ours = translate(pattern).unwrap_or_else(|| panic!("{pattern}"));
            let regex = Regex::new(&ours).unwrap_or_else(|wrong| panic!("{pattern}: {wrong}"));
            assert_eq!(regex.is_match(text), matches, "{pattern} {ours} {text}");
        }
    }

    #[test]
    fn what_has_no_equal_is_not_translated() {
        for pattern in [
            r"\Qa\E",
            r"\B",
            r"\C",
            r"\1",
            r"\",
            "[a",
            r"[+--]",
            "(?x)a",
            "(?u)a",
            "(?=a)",
            "(?#",
            "[[:a b:]]",
        ] {
            assert_eq!(translate(pattern), None, "{pattern}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_translated_or_not(pattern in "\\PC{0,20}|[\\\\\\[\\](?:^a-w&~]{0,20}") {
            let _ = translate(&pattern);
        }
    }
}

//! Links in a text: what WhatsApp, or the app that it is opened with, makes something to tap on.

/// Schemes that need no slashes to be opened.
const SCHEMES_WITHOUT_SLASHES: [&str; 8] = [
    "mailto", "tel", "sms", "whatsapp", "geo", "magnet", "intent", "market",
];

/// The fewest letters of a top-level domain.
const MIN_TLD_LETTERS: usize = 2;

/// Whether a text has a link: an address with a scheme, or anything that has the form of a
/// domain (in any script), of an address of IPv4, or of an e-mail address.
///
/// Which top-level domains exist changes; a list of them would have holes. So `report.pdf`
/// counts, and so does a sentence that begins right after the full stop of another.
pub(super) fn has_link(text: &str) -> bool {
    has_scheme(text) || text.split(|c| !is_of_host(c)).any(has_host)
}

/// Whether there is a scheme with something behind it.
fn has_scheme(text: &str) -> bool {
    text.match_indices(':').any(|(at, _)| {
        let (before, after) = text.split_at(at);
        let after = after.get(1..).unwrap_or_default();
        let start = before.rfind(|c: char| !c.is_ascii_alphanumeric() && !"+.-".contains(c));
        let scheme = match start {
            Some(start) => before.get(start..).unwrap_or_default(),
            None => before,
        };
        let scheme = scheme.trim_start_matches(|c: char| !c.is_ascii_alphabetic());
        let mut known = SCHEMES_WITHOUT_SLASHES.iter();
        let is_opened = known.any(|known| scheme.eq_ignore_ascii_case(known));
        let has_slashes = after.starts_with("//") && !scheme.is_empty();
        has_slashes || (is_opened && after.starts_with(|c: char| !c.is_whitespace()))
    })
}

/// Whether a character can be part of a host: of a label, or between two.
fn is_of_host(c: char) -> bool {
    match c.is_ascii() {
        true => c.is_ascii_alphanumeric() || "-_.".contains(c),
        // Letters and marks of all scripts, signs and emoji; no punctuation but the dots that
        // browsers take for one.
        false => is_dot(c) || !(c.is_whitespace() || c.is_control() || is_punctuation(c)),
    }
}

/// Whether a character is a dot of a domain name (UTS 46).
fn is_dot(c: char) -> bool {
    matches!(c, '.' | '\u{3002}' | '\u{ff0e}' | '\u{ff61}')
}

/// Whether a character is punctuation of the blocks that texts have most of it from.
fn is_punctuation(c: char) -> bool {
    matches!(c,
        '\u{a1}' | '\u{a7}' | '\u{ab}' | '\u{b6}' | '\u{bb}' | '\u{bf}' | '\u{2010}'..='\u{205e}'
        | '\u{3001}' | '\u{3008}'..='\u{3011}' | '\u{ff01}'..='\u{ff0d}' | '\u{ff0f}'
        | '\u{ff1a}'..='\u{ff20}')
}

/// Whether characters of hosts have the form of a domain or an address in them.
fn has_host(run: &str) -> bool {
    let mut labels = Vec::new();
    let mut rest = run;
    while let Some((label, after)) = rest.split_once(is_dot) {
        // The ideographic full stop ends sentences; it is a dot between letters of ASCII.
        let dot = rest.get(label.len()..).unwrap_or_default();
        let ends_sentence = dot.starts_with(['\u{3002}', '\u{ff61}'])
            && !(label.is_ascii() && after.starts_with(|c: char| c.is_ascii()));
        labels.push(label);
        if ends_sentence {
            labels.push("");
        }
        rest = after;
    }
    labels.push(rest);
    let domain = labels.windows(2).any(|pair| match pair {
        [label, tld] => is_label(label) && is_tld(tld),
        _ => false,
    });
    domain
        || labels
            .windows(4)
            .any(|four| four.iter().all(|part| is_octet(part)))
}

fn is_label(label: &str) -> bool {
    label.chars().any(|c| c.is_alphanumeric() || !c.is_ascii())
}

/// Whether a label begins like a top-level domain: with letters of any script, and no digit
/// right after them, or with the mark of a domain in Punycode.
fn is_tld(label: &str) -> bool {
    let is_letter = |c: char| c.is_alphabetic() || !c.is_ascii();
    let end = label.find(|c| !is_letter(c)).unwrap_or(label.len());
    let (letters, rest) = label.split_at(end);
    let punycode = label
        .get(..4)
        .is_some_and(|start| start.eq_ignore_ascii_case("xn--"));
    let is_cut = rest.starts_with(|c: char| c.is_ascii_digit());
    punycode || (letters.chars().count() >= MIN_TLD_LETTERS && !is_cut)
}

fn is_octet(part: &str) -> bool {
    part.len() <= 3 && part.bytes().all(|byte| byte.is_ascii_digit()) && part.parse::<u8>().is_ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::has_link;

    #[test]
    fn what_can_be_tapped_on_is_a_link() {
        for text in [
            "https://example.com/a?b=c",
            "HTTP://EXAMPLE.COM",
            "see (http://[::1]:8080/) there",
            "myapp://open",
            "x+y-z.1://open",
            "ftp://files",
            "intent:#Intent;end",
            "mailto:bob",
            "tel:+15551230000",
            "Example.com",
            "example.com/x",
            "go to example.com.",
            "www.example.com, and more",
            "wa.me/15551230000",
            "t.me/joinchat/AAAA",
            "«пример.рф»",
            "президент.рф",
            "भारत.भारत",
            "xn--e1afmkfd.xn--p1ai",
            "例子.中国",
            "example。com",
            "example｡com",
            "example．com",
            "💩.la",
            "i❤.ws",
            "bob@example.com",
            "1.2.3.4",
            "http://1.2.3.4/x",
            "1.2.3.4:8080/x",
            "example.com5.example.org",
            "example.com_",
            "a.b-c_d.co.uk",
            // In doubt, and refused.
            "e.g.this",
            "report.pdf",
            "Yes.No",
        ] {
            assert!(has_link(text), "{text}");
        }
    }

    #[test]
    fn other_texts_have_none() {
        for text in [
            "",
            "Hi!",
            "e.g. this, i.e. that",
            "z.B. so",
            "at 10.30 or 10:30, for 3.5 € or $4.99/kg",
            "12.11.2026",
            "v1.2.3",
            "1.000.000",
            "3.5kg",
            "wait...what",
            "so…you",
            "U.S.A.",
            "end. Begin",
            "end.\nBegin",
            "note: this",
            "time:10",
            "Tel: 030 1234",
            "a/b/c and 1/2",
            "C:\\folder",
            "@bob and #tag",
            "今日は。明日も。",
            "OK。明日",
            "今日はOK。",
            "it costs 1.2.3",
            ":// and //",
        ] {
            assert!(!has_link(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_link_is_one_wherever_it_stands(
            before: String,
            after: String,
            link in prop::sample::select(vec!["https://example.com/x", "wa.me/1", "пример.рф"]),
        ) {
            let text = format!("{before} {link} {after}");
            prop_assert!(has_link(&text));
        }

        #[test]
        fn a_domain_is_a_link_whatever_its_letters(
            label in "[a-z0-9-]{0,5}[a-zа-я0-9]",
            tld in "[a-z]{2,6}|[а-я]{2,4}",
            after in "(/[ -~]{0,5})?",
        ) {
            let text = format!("{label}.{tld}{after}");
            prop_assert!(has_link(&text));
        }

        #[test]
        fn nothing_is_a_link_without_a_dot_or_a_colon(text in "[^:.．｡。]*") {
            prop_assert!(!has_link(&text));
        }
    }
}

//! Numbers that WhatsApp writes with and without a digit for one person.
//!
//! * Brazil: mobile numbers got a ninth digit from 2012 on, a 9 behind the area code.
//!   Accounts that are older have ids without it. Fixed lines begin with 2 to 5 and never
//!   had it.
//! * Mexico: a 1 behind the country code stood before mobile numbers until 2019.
//! * Argentina: a 9 stands behind the country code of mobile numbers in international form,
//!   and ids of WhatsApp have it or not.

/// Where numbers of a country have the digit, and how long they are without it.
struct OptionalDigit {
    country: &'static str,
    /// The position of the digit.
    at: usize,
    digit: char,
    /// How many digits a number has without it.
    len: usize,
    /// The digits that may follow it.
    followed_by: &'static [char],
}

const OPTIONAL_DIGITS: [OptionalDigit; 3] = [
    OptionalDigit {
        country: "55",
        at: 4,
        digit: '9',
        len: 12,
        followed_by: &['6', '7', '8', '9'],
    },
    OptionalDigit {
        country: "52",
        at: 2,
        digit: '1',
        len: 12,
        followed_by: &['2', '3', '4', '5', '6', '7', '8', '9'],
    },
    OptionalDigit {
        country: "54",
        at: 2,
        digit: '9',
        len: 12,
        followed_by: &['1', '2', '3'],
    },
];

/// The position of the digit in a number that has it.
pub(super) fn optional_digit(number: &str) -> Option<usize> {
    let mut all = OPTIONAL_DIGITS.iter();
    let has = |rule: &&OptionalDigit| {
        let rest = number.get(rule.at..).unwrap_or_default();
        number.len() == rule.len + 1
            && number.starts_with(rule.country)
            && rest
                .strip_prefix(rule.digit)
                .is_some_and(|rest| rest.starts_with(rule.followed_by))
    };
    all.find(has).map(|rule| rule.at)
}

/// The number with the digit; `None` for numbers that never have one.
pub(super) fn with_optional_digit(number: &str) -> Option<String> {
    let mut all = OPTIONAL_DIGITS.iter();
    all.find_map(|rule| {
        let (head, rest) = number.split_at_checked(rule.at)?;
        let fits = number.len() == rule.len
            && head.starts_with(rule.country)
            && rest.starts_with(rule.followed_by);
        fits.then(|| format!("{head}{}{rest}", rule.digit))
    })
}

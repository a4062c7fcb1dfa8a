//! Sizes in bytes as people write and read them.

/// The units, the largest first of each kind.
const UNITS: [(&str, u64); 7] = [
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1_000),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("B", 1),
];

/// Parses a size such as `2MB`, `500 kB` or `1MiB`, in bytes.
pub fn size(text: &str) -> Option<u64> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(end);
    let unit = unit.trim_start();
    let known = UNITS
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(unit));
    number.parse::<u64>().ok()?.checked_mul(known?.1)
}

/// A size in words: `2 MB` where that is exact, otherwise `1234 bytes`.
pub fn in_bytes(bytes: u64) -> String {
    let mut units = UNITS.iter().filter(|(_, unit)| *unit > 1);
    match units.find(|(_, unit)| bytes >= *unit && bytes.is_multiple_of(*unit)) {
        Some((name, unit)) => format!("{} {name}", bytes / unit),
        None if bytes == 1 => "1 byte".to_owned(),
        None => format!("{bytes} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_and_written() {
        for (text, bytes, words) in [
            ("2MB", 2_000_000, "2 MB"),
            (" 500 kb ", 500_000, "500 kB"),
            ("1MiB", 1 << 20, "1 MiB"),
            ("1536KiB", 1536 << 10, "1536 KiB"),
            ("3GB", 3_000_000_000, "3 GB"),
            ("1B", 1, "1 byte"),
            ("1234B", 1234, "1234 bytes"),
        ] {
            assert_eq!(size(text), Some(bytes), "{text}");
            assert_eq!(in_bytes(bytes), words);
        }
        for text in [
            "",
            "2",
            "MB",
            "2 m",
            "-2MB",
            "2.5MB",
            "99999999999GB",
            "2MBs",
        ] {
            assert_eq!(size(text), None, "{text}");
        }
    }
}

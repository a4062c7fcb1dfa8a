//! The program under measurement.

use std::{env, fs, path::PathBuf};

/// The path in `PROGRAM`, or the binary that is built with the benches. The latter is
/// larger, because tests need more features of the dependencies.
pub fn path() -> PathBuf {
    let named = env::var_os("PROGRAM").map(PathBuf::from);
    named.unwrap_or_else(|| env!("CARGO_BIN_EXE_whatsapp-guard").into())
}

/// The sum of these fields of a file that lists sizes in KiB.
pub fn kib(file: &str, fields: &[&str]) -> u64 {
    let text = fs::read_to_string(file).unwrap();
    let sizes = text.lines().filter_map(|line| {
        let (field, size) = line.split_once(char::is_whitespace)?;
        fields.contains(&field).then_some(size)
    });
    sizes
        .map(|size| size.trim().trim_end_matches(" kB").parse::<u64>().unwrap())
        .sum()
}

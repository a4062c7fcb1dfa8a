//! The program under measurement.

use std::{env, fs, path::PathBuf};

/// The path in `PROGRAM`, or the binary that is built with the benches. The latter is
/// larger, because tests need more features of the dependencies.
pub fn path() -> PathBuf {
    let named = env::var_os("PROGRAM").map(PathBuf::from);
    named.unwrap_or_else(|| env!("CARGO_BIN_EXE_whatsapp-guard").into())
}

/// The resident memory of a process in KiB.
pub fn resident_kib(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let size = line.unwrap().split_ascii_whitespace().nth(1);
    size.unwrap().parse().unwrap()
}

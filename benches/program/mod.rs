//! Which program is measured.

use std::{env, path::PathBuf};

/// The one that `PROGRAM` names, as it is installed; else the one that is built beside
/// the benches, which is larger, as tests want more of what it depends on.
pub fn path() -> PathBuf {
    let named = env::var_os("PROGRAM").map(PathBuf::from);
    named.unwrap_or_else(|| env!("CARGO_BIN_EXE_whatsapp-guard").into())
}

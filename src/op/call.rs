//! A call as it is written on a command line or in a file.

use serde_json::Value;

use super::{Entry, Facts, catalogue, named};
use crate::text::nearest;

/// What a policy sees of a call of the tool of this name.
///
/// # Errors
/// When there is no such tool, or it would not take the arguments.
pub fn call(name: &str, arguments: Value) -> Result<Facts, String> {
    let entry = find_tool(name)?;
    (entry.facts)(arguments).map_err(|problem| problem.to_string())
}

/// The tool with this name, or the only one that other servers give this name.
///
/// # Errors
/// When there is none, with the nearest name; or when the name stands for several tools.
pub fn find_tool(name: &str) -> Result<&'static Entry, String> {
    match named(name).as_slice() {
        [entry] => Ok(entry),
        [] => {
            let known = catalogue()
                .iter()
                .flat_map(|entry| entry.known_as.iter().copied().chain([entry.name]));
            let near = nearest(name, known).map(|near| format!("; did you mean `{near}`?"));
            Err(format!(
                "there is no tool `{name}`{}",
                near.as_deref()
                    .unwrap_or("; `whatsapp-guard tools` lists the tools")
            ))
        }
        several => {
            let names: Vec<String> = several
                .iter()
                .map(|entry| format!("`{}`", entry.name))
                .collect();
            let names = names.join(", ");
            Err(format!("`{name}` stands for several tools: {names}"))
        }
    }
}

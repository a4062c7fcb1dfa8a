//! Calls from the command line and from files.

use serde_json::Value;

use super::{Entry, Facts, catalogue, named};
use crate::text::nearest;

/// The facts of a call. `name` can be the name that another server gives to the tool.
///
/// # Errors
/// For an unknown tool, a name of several tools, and wrong arguments.
pub fn call(name: &str, arguments: Value) -> Result<Facts, String> {
    let entry = entry(name)?;
    (entry.facts)(arguments).map_err(|problem| problem.to_string())
}

/// The tool of this name, or the only one that other servers give it.
fn entry(name: &str) -> Result<&'static Entry, String> {
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
            Err(format!("`{name}` means several tools: {names}"))
        }
    }
}

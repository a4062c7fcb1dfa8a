//! The table of the tools that agents are told to call next has what the texts say.

use std::{collections::BTreeSet, fs, path::Path};

use whatsapp_guard::op::{self, NEXT_STEPS, SENDING_TOOLS};

/// The tools that a text of the program tells an agent to call. Comments that are no
/// descriptions do not count; `call list_chats without …` is about the call itself.
fn told(folder: &Path, found: &mut BTreeSet<String>) {
    let step = regex::Regex::new(
        r"(?:[Cc]all|[Cc]heck with|[Cc]heck first:|read it with|then) `?([a-z]+(?:_[a-z]+)+)\b( without)?",
    )
    .unwrap();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            told(&path, found);
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let lines = text
            .lines()
            .filter(|line| line.contains('"') || line.trim_start().starts_with("///"));
        for line in lines {
            for step in step.captures_iter(line) {
                if step.get(2).is_none() && op::find_tool(&step[1]).is_ok() {
                    found.insert(step[1].to_owned());
                }
            }
        }
    }
}

#[test]
fn each_tool_that_a_text_says_to_call_next_is_in_the_table() {
    let mut found = BTreeSet::new();
    for folder in ["src/op", "src/backend", "src/mcp", "src/gate", "src/policy"] {
        told(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join(folder),
            &mut found,
        );
    }
    let table = NEXT_STEPS.iter().map(|step| step.tool.to_owned());
    assert_eq!(found, table.collect());
}

#[test]
fn the_table_is_about_tools_that_there_are() {
    for step in NEXT_STEPS {
        assert!(!step.follows(step.tool), "{}", step.tool);
        for tool in step.after {
            assert!(op::find_tool(tool).is_ok() && step.follows(tool), "{tool}");
        }
    }
}

#[test]
fn the_sending_tools_are_those_that_send() {
    let sends = |name: &&str| name.starts_with("send_") || *name == "forward_message";
    let names = op::catalogue().iter().map(|entry| entry.name);
    assert_eq!(names.filter(sends).collect::<Vec<_>>(), SENDING_TOOLS);
}

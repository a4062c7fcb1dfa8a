//! What leads to a file: every entry whose change can make it another file.

use std::{
    collections::BTreeSet,
    ffi::OsString,
    fs,
    path::{Component, Path, PathBuf},
};

/// As many links as systems follow.
const MOST_LINKS: usize = 40;

/// A step on the way.
enum Step {
    /// Begins anew at a root, or a part of one.
    Root(OsString),
    Up,
    Down(OsString),
}

/// The links on the way to a file and the file itself, in folders that are there. Where
/// something is missing, it is the last.
pub(super) fn entries(path: &Path) -> BTreeSet<PathBuf> {
    let mut entries = BTreeSet::new();
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let (mut folder, mut links) = (PathBuf::new(), 0);
    let mut ahead = Vec::new();
    push(&mut ahead, &path);
    while let Some(step) = ahead.pop() {
        let name = match step {
            Step::Root(root) => {
                folder.push(root);
                continue;
            }
            Step::Up => {
                folder.pop();
                continue;
            }
            Step::Down(name) => name,
        };
        let entry = folder.join(name);
        match fs::symlink_metadata(&entry) {
            Ok(found) if found.is_symlink() => {
                links += 1;
                let target = fs::read_link(&entry);
                entries.insert(entry);
                match target {
                    Ok(target) if links <= MOST_LINKS => push(&mut ahead, &target),
                    _ => break,
                }
            }
            Ok(_) if !ahead.is_empty() => folder = entry,
            Ok(_) => {
                entries.insert(entry);
            }
            Err(_) => {
                entries.insert(entry);
                break;
            }
        }
    }
    entries
}

/// Puts the steps of a path before those that are ahead.
fn push(ahead: &mut Vec<Step>, path: &Path) {
    let steps = path.components().rev();
    ahead.extend(steps.filter_map(|part| match part {
        Component::Prefix(_) | Component::RootDir => Some(Step::Root(part.as_os_str().to_owned())),
        Component::CurDir => None,
        Component::ParentDir => Some(Step::Up),
        Component::Normal(name) => Some(Step::Down(name.to_owned())),
    }));
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn of(path: &Path, home: &Path) -> Vec<String> {
        let entries = entries(path);
        let below = |entry: &PathBuf| entry.strip_prefix(home).unwrap().display().to_string();
        entries.iter().map(below).collect()
    }

    #[test]
    fn links_are_followed_and_watched() {
        let folder = tempfile::tempdir().unwrap();
        let home = &fs::canonicalize(folder.path()).unwrap();
        fs::create_dir_all(home.join("real/..first")).unwrap();
        fs::write(home.join("real/..first/policy.toml"), "").unwrap();
        symlink("..first", home.join("real/..data")).unwrap();
        symlink("..data/policy.toml", home.join("real/policy.toml")).unwrap();
        symlink(home.join("real"), home.join("config")).unwrap();
        assert_eq!(
            of(&home.join("config/../config/policy.toml"), home),
            [
                "config",
                "real/..data",
                "real/..first/policy.toml",
                "real/policy.toml"
            ]
        );
        assert_eq!(
            of(&home.join("real/nothing/at/all.toml"), home),
            ["real/nothing"]
        );
        symlink("loop", home.join("loop")).unwrap();
        assert_eq!(of(&home.join("loop/policy.toml"), home), ["loop"]);
        symlink("nowhere", home.join("dangling")).unwrap();
        assert_eq!(of(&home.join("dangling"), home), ["dangling", "nowhere"]);
    }
}

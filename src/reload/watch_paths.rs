//! The directory entries on the way to a file: a change of any of them can replace the
//! file.

use std::{
    collections::BTreeSet,
    ffi::OsString,
    fs,
    path::{Component, Path, PathBuf},
};

/// The number of symbolic links that Linux follows.
const MAX_LINKS: usize = 40;

/// A component of a path.
enum PathStep {
    /// A root directory, or a prefix of one.
    Root(OsString),
    Up,
    Down(OsString),
}

/// The symbolic links on the way to a file, and the file itself, all in existing folders.
/// If an entry is missing, it is the last one.
pub(super) fn entries(path: &Path) -> BTreeSet<PathBuf> {
    let mut entries = BTreeSet::new();
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let (mut folder, mut links) = (PathBuf::new(), 0);
    let mut ahead = Vec::new();
    push(&mut ahead, &path);
    while let Some(step) = ahead.pop() {
        let name = match step {
            PathStep::Root(root) => {
                folder.push(root);
                continue;
            }
            PathStep::Up => {
                folder.pop();
                continue;
            }
            PathStep::Down(name) => name,
        };
        let entry = folder.join(name);
        match fs::symlink_metadata(&entry) {
            Ok(found) if found.is_symlink() => {
                links += 1;
                let target = fs::read_link(&entry);
                entries.insert(entry);
                match target {
                    Ok(target) if links <= MAX_LINKS => push(&mut ahead, &target),
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

/// Puts the components of a path before those that are still ahead.
fn push(ahead: &mut Vec<PathStep>, path: &Path) {
    let steps = path.components().rev();
    ahead.extend(steps.filter_map(|part| match part {
        Component::Prefix(_) | Component::RootDir => {
            Some(PathStep::Root(part.as_os_str().to_owned()))
        }
        Component::CurDir => None,
        Component::ParentDir => Some(PathStep::Up),
        Component::Normal(name) => Some(PathStep::Down(name.to_owned())),
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

//! `init`: the template, and what is never overwritten.

use whatsapp_guard::policy::DEFAULT;

use crate::app::command::{program, run};

#[test]
fn the_template_is_the_policy_that_holds_by_default() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mine.toml");
    let path = file.to_str().unwrap();
    let ran = run(&["init", path], &[]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    for next in ["check", "serve --policy"] {
        assert!(ran.out.contains(&format!("{next} {path}")), "{}", ran.out);
    }
    assert_eq!(std::fs::read_to_string(&file).unwrap(), DEFAULT);
    assert_eq!(run(&["check", "--policy", path], &[]).code, 0);
    let ran = run(&["init", "-"], &[]);
    assert_eq!(
        (ran.code, ran.out.as_str(), ran.err.as_str()),
        (0, DEFAULT, "")
    );
}

#[test]
fn without_a_name_it_is_policy_toml_here() {
    let folder = tempfile::tempdir().unwrap();
    let (mut command, _home) = program();
    let done = command
        .arg("init")
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(done.status.success());
    let file = folder.path().join("policy.toml");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), DEFAULT);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let new = folder.path().join("new");
        std::fs::write(&new, "").unwrap();
        let mode = |path| std::fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(file), mode(new), "a file like any other");
    }
}

#[test]
fn a_file_is_replaced_only_by_force() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mine.toml");
    std::fs::write(&file, "mine").unwrap();
    let path = file.to_str().unwrap();
    let ran = run(&["init", path], &[]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert!(ran.err.contains("--force replaces it"), "{}", ran.err);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
    assert_eq!(run(&["init", "--force", path], &[]).code, 0);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), DEFAULT);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    for (path, code) in [
        (folder.path().to_str().unwrap(), 2),
        ("/dev/null/policy.toml", 1),
    ] {
        let ran = run(&["init", "--force", path], &[]);
        assert_eq!(ran.code, code, "{}", ran.err);
        assert!(ran.err.contains(path), "{}", ran.err);
    }
}

#[cfg(unix)]
#[test]
fn a_link_is_kept_and_followed() {
    let folder = tempfile::tempdir().unwrap();
    let (file, link) = (folder.path().join("real"), folder.path().join("link"));
    std::fs::write(&file, "mine").unwrap();
    std::os::unix::fs::symlink(&file, &link).unwrap();
    assert_eq!(run(&["init", link.to_str().unwrap()], &[]).code, 2);
    assert_eq!(
        run(&["init", "--force", link.to_str().unwrap()], &[]).code,
        0
    );
    assert!(link.is_symlink());
    assert_eq!(std::fs::read_to_string(&file).unwrap(), DEFAULT);
}

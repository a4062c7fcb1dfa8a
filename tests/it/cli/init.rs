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
    let mut names: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["mine.toml", "policy.schema.json"]);
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

/// The presets, as the help lists them.
const PRESETS: [&str; 6] = [
    "read-only",
    "ask-every-send",
    "family",
    "replies-only",
    "business-hours",
    "team",
];

#[test]
fn a_preset_is_written_with_its_cases_and_is_fine() {
    for preset in PRESETS {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("mine.toml");
        let cases = folder.path().join("mine.cases.toml");
        let (path, cases_path) = (file.to_str().unwrap(), cases.to_str().unwrap());
        let ran = run(&["init", "--preset", preset, path], &[]);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{preset}");
        assert!(
            ran.out.contains(&format!("test {cases_path}")),
            "{}",
            ran.out
        );
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/policies");
        for (written, kept) in [(&file, "toml"), (&cases, "cases.toml")] {
            let kept = std::fs::read_to_string(format!("{source}/{preset}.{kept}")).unwrap();
            assert_eq!(std::fs::read_to_string(written).unwrap(), kept, "{preset}");
        }
        let ran = run(&["check", "--deny-warnings", path], &[]);
        assert_eq!(
            (ran.code, ran.err.as_str()),
            (0, ""),
            "{preset}: {}",
            ran.out
        );
        assert!(
            ran.out.starts_with(&format!("{path}: fine\n")),
            "{}",
            ran.out
        );
        let ran = run(&["test", cases_path, "--policy", path], &[]);
        assert_eq!(ran.code, 0, "{preset}: {}{}", ran.out, ran.err);
    }
    let ran = run(&["init", "--preset", "nothing", "-"], &[]);
    assert_eq!(ran.code, 2);
    for preset in PRESETS {
        assert!(ran.err.contains(preset), "{}", ran.err);
    }
}

#[test]
fn a_preset_is_written_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let cases = folder.path().join("mine.cases.toml");
    std::fs::write(&cases, "mine").unwrap();
    let file = folder.path().join("mine.toml");
    let init = ["init", "--preset", "family", file.to_str().unwrap()];
    let ran = run(&init, &[]);
    assert_eq!((ran.code, file.exists()), (2, false), "{}", ran.err);
    assert!(
        ran.err.contains("mine.cases.toml already exists"),
        "{}",
        ran.err
    );
    assert_eq!(std::fs::read_to_string(&cases).unwrap(), "mine");
    let ran = run(&[&init[..], &["--force"]].concat(), &[]);
    assert_eq!((ran.code, file.exists()), (0, true), "{}", ran.err);
}

#[test]
fn the_schema_is_beside_the_file_and_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let schema = folder.path().join("policy.schema.json");
    let file = folder.path().join("policy.toml");
    let path = file.to_str().unwrap();
    assert_eq!(run(&["init", path], &[]).code, 0);
    let text = std::fs::read_to_string(&schema).unwrap();
    assert_eq!(text, run(&["schema"], &[]).out);
    let policy = std::fs::read_to_string(&file).unwrap();
    assert!(policy.starts_with("#:schema policy.schema.json\n"));
    std::fs::write(&schema, "mine").unwrap();
    assert_eq!(run(&["init", "--force", path], &[]).code, 0);
    assert_eq!(std::fs::read_to_string(&schema).unwrap(), "mine");
}

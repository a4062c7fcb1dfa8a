//! Documents for developers name files and folders that exist.

use std::{fs, path::Path};

#[test]
fn named_sources_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut documents = vec![root.join("ARCHITECTURE.md"), root.join("CONTRIBUTING.md")];
    let internals = fs::read_dir(root.join("docs/internals")).unwrap();
    documents.extend(internals.map(|entry| entry.unwrap().path()));
    for document in documents {
        let text = fs::read_to_string(&document).unwrap();
        let words = text.split(|c: char| c.is_whitespace() || matches!(c, '`' | '(' | ')' | ','));
        let paths = words
            .map(|word| {
                word.trim_start_matches("../")
                    .trim_end_matches(['.', ':', ';', '*'])
            })
            .filter(|word| word.starts_with("src/") || word.starts_with("tests/it/"))
            // Capitals stand for a name of the reader's choice.
            .filter(|word| !word.contains(['{', '<']) && !word.contains(char::is_uppercase));
        for path in paths {
            assert!(root.join(path).exists(), "{}: {path}", document.display());
        }
    }
}

#[test]
fn links_between_documents_lead_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for folder in ["docs/internals", "docs/decisions"] {
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let text = fs::read_to_string(&path).unwrap();
            for link in text
                .split("](")
                .skip(1)
                .filter_map(|rest| rest.split(')').next())
            {
                let target = path.parent().unwrap().join(link.split('#').next().unwrap());
                assert!(target.exists(), "{}: {link}", path.display());
            }
        }
    }
}

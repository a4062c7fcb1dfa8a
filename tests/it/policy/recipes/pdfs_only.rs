//! Files only from the outbox, only PDFs by their content, at most 2 MB.

use std::fs;

use serde_json::{Value, json};

use super::worlds::Recipe;
use crate::app::Person;

const RECIPE: Recipe = Recipe {
    policy: include_str!("../../../../examples/policies/recipes/pdfs-only.toml"),
    cases: include_str!("../../../../examples/policies/recipes/pdfs-only.cases.toml"),
};

const OFFICE: &str = "+15551230000";
const PDF: &[u8] = b"%PDF-1.7\n1 0 obj\n%%EOF\n";

#[test]
fn it_passes_check_and_its_cases() {
    RECIPE.holds();
}

#[tokio::test]
async fn a_pdf_is_sent_and_nothing_else_is() {
    let outbox = tempfile::tempdir().unwrap();
    let write = |name: &str, content: &[u8]| fs::write(outbox.path().join(name), content).unwrap();
    write("plan.pdf", PDF);
    write("photo.pdf", b"\xff\xd8\xff\xe0 a picture");
    write("page.pdf", &[PDF, b"<script>alert(1)</script>"].concat());
    write("long.pdf", &[PDF, &vec![b' '; 2_000_000]].concat());
    let send = |media: Value| json!({ "chat": OFFICE, "media": media });
    for mut world in RECIPE.worlds(Person::Silent, Some(outbox.path())).await {
        for media in [
            json!({ "path": "photo.pdf" }),
            json!({ "path": "page.pdf" }),
            json!({ "path": "long.pdf" }),
            json!({ "url": "https://example.com/plan.pdf" }),
            json!({ "base64": "JVBERi0xLjc=", "mime": "application/pdf" }),
        ] {
            let outcome = world.call("send_media", send(media.clone())).await;
            assert_eq!(outcome, "file-not-allowed", "{media}");
        }
        assert_eq!(world.changes().await, 0);
        let plan = send(json!({ "path": "plan.pdf" }));
        assert_eq!(world.call("send_media", plan).await, "done");
        assert_eq!(world.changes().await, 1);
    }
}

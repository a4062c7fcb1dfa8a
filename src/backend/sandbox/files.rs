//! The sandbox's files: attachments of messages, and pictures.

use std::collections::VecDeque;

use axum::{
    http::{StatusCode, header::CONTENT_TYPE},
    response::IntoResponse,
};
use serde_json::{Value, json};

use super::{
    SandboxState, first_files,
    request::{SandboxAnswer, SandboxRefusal, SentFile},
};

/// How many bytes are kept of what is sent; the oldest files are gone first.
const MAX_KEPT_BYTES: usize = 64 * 1024 * 1024;

/// The files that are there from the start: name, media type, how it is made.
const FIRST: [(&str, &str, MakeFile); 6] = [
    (CAKE, "image/png", first_files::cake),
    (VOICE, "audio/wav", first_files::voice),
    (CHAPTER, "application/pdf", first_files::chapter),
    (LETTERS, "text/plain", first_files::letters),
    (FAMILY, "image/png", first_files::family),
    (MUM, "image/png", first_files::mum),
];

pub(super) const CAKE: &str = "cake.png";
pub(super) const VOICE: &str = "voice.wav";
pub(super) const CHAPTER: &str = "chapter-four.pdf";
pub(super) const LETTERS: &str = "letters.txt";
pub(super) const FAMILY: &str = "family.png";
pub(super) const MUM: &str = "mum.png";

type MakeFile = fn() -> Vec<u8>;

/// What was sent, oldest first, and how many files there ever were.
#[derive(Default)]
pub(super) struct SandboxFiles(VecDeque<(String, String, Vec<u8>)>, usize);

/// A file that is attached to a message.
#[derive(Clone)]
pub(super) struct Attached {
    pub(super) key: String,
    pub(super) mime: String,
    pub(super) name: Option<String>,
}

impl Attached {
    /// One of the files that are there from the start.
    pub(super) fn first(key: &str) -> Option<Self> {
        let (key, mime, _) = FIRST.iter().find(|(name, ..)| *name == key)?;
        Some(Self {
            key: (*key).to_owned(),
            mime: (*mime).to_owned(),
            name: Some((*key).to_owned()),
        })
    }

    pub(super) fn json(&self) -> Value {
        json!({ "mimetype": self.mime, "filename": self.name })
    }
}

impl SandboxFiles {
    /// Keeps a file that is sent.
    pub(super) fn keep(&mut self, file: SentFile<'_>) -> Attached {
        self.1 += 1;
        let key = format!("sent{:08}", self.1);
        self.0
            .push_back((key.clone(), file.mime.to_owned(), file.bytes));
        while self.0.iter().map(|(.., bytes)| bytes.len()).sum::<usize>() > MAX_KEPT_BYTES {
            self.0.pop_front();
        }
        Attached {
            key,
            mime: file.mime.to_owned(),
            name: file.name.map(str::to_owned),
        }
    }

    fn get(&self, key: &str) -> Option<(String, Vec<u8>)> {
        if let Some((_, mime, make)) = FIRST.iter().find(|(name, ..)| *name == key) {
            return Some(((*mime).to_owned(), make()));
        }
        let (_, mime, bytes) = self.0.iter().find(|(name, ..)| *name == key)?;
        Some((mime.clone(), bytes.clone()))
    }
}

/// The address of a file, with the host that WAHA uses if none is configured.
pub(super) fn url(key: &str) -> String {
    format!("http://localhost:3000/api/files/default/{key}")
}

pub(super) fn get(state: &SandboxState, key: &str) -> SandboxAnswer {
    let (mime, bytes) = state.files.get(key).ok_or_else(|| {
        let error = json!({ "error": { "code": 404, "key": "FILE_NOT_FOUND" } });
        SandboxRefusal(StatusCode::NOT_FOUND, error)
    })?;
    Ok(([(CONTENT_TYPE, mime)], bytes).into_response())
}

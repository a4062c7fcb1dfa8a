//! The sandbox's files: what hangs on messages, and the chats' pictures.

use std::collections::VecDeque;

use axum::{
    Router,
    extract::{Path, State as Extract},
    http::{StatusCode, header::CONTENT_TYPE},
    response::IntoResponse,
    routing::get,
};
use serde_json::{Value, json};

use super::{
    Shared, made,
    reply::{Answer, Refused, found, lock, working},
};

/// How many bytes are kept of what is sent; the oldest files are gone first.
const ROOM: usize = 64 * 1024 * 1024;

/// The files that are there from the start: name, media type, how it is made.
const FIRST: [(&str, &str, Make); 6] = [
    (CAKE, "image/png", made::cake),
    (VOICE, "audio/wav", made::voice),
    (CHAPTER, "application/pdf", made::chapter),
    (LETTERS, "text/plain", made::letters),
    ("family.png", "image/png", made::family),
    ("mum.png", "image/png", made::mum),
];

pub(super) const CAKE: &str = "cake.png";
pub(super) const VOICE: &str = "voice.wav";
pub(super) const CHAPTER: &str = "chapter-four.pdf";
pub(super) const LETTERS: &str = "letters.txt";

/// The chats that have a picture.
const PICTURES: [(&str, &str); 2] = [
    ("120363000000000001@g.us", "family.png"),
    ("15552220001@c.us", "mum.png"),
];

type Make = fn() -> Vec<u8>;

/// What was sent, oldest first, and how many files there ever were.
#[derive(Default)]
pub(super) struct Files(VecDeque<(String, String, Vec<u8>)>, usize);

/// A file that hangs on a message.
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

impl Files {
    /// Keeps a file that is sent.
    pub(super) fn keep(&mut self, mime: &str, name: Option<&str>, bytes: Vec<u8>) -> Attached {
        self.1 += 1;
        let key = format!("sent{:08}", self.1);
        self.0.push_back((key.clone(), mime.to_owned(), bytes));
        while self.0.iter().map(|(.., bytes)| bytes.len()).sum::<usize>() > ROOM {
            self.0.pop_front();
        }
        Attached {
            key,
            mime: mime.to_owned(),
            name: name.map(str::to_owned),
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

/// Where a file is, with the host that WAHA takes itself for when it is told of none.
pub(super) fn url(key: &str) -> String {
    format!("http://localhost:3000/api/files/default/{key}")
}

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/api/files/{session}/{name}", get(file))
        .route("/api/{session}/chats/{id}/picture", get(picture))
}

async fn file(Extract(state): Extract<Shared>, Path((_, name)): Path<(String, String)>) -> Answer {
    let gone = || {
        let error = json!({ "error": { "code": 404, "key": "FILE_NOT_FOUND" } });
        Refused(StatusCode::NOT_FOUND, error)
    };
    let (mime, bytes) = lock(&state).files.get(&name).ok_or_else(gone)?;
    Ok(([(CONTENT_TYPE, mime)], bytes).into_response())
}

async fn picture(Extract(state): Extract<Shared>, Path((_, id)): Path<(String, String)>) -> Answer {
    drop(working(&state)?);
    let picture = PICTURES.iter().find(|(chat, _)| *chat == id);
    Ok(found(json!({ "url": picture.map(|(_, key)| url(key)) })))
}

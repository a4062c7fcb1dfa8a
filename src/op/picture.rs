//! A picture of this account or of a group.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{BackendResult, BadId, OutgoingFile, arguments::media_source, file_refused};
use crate::media::{Media, MediaSource};

/// Where a picture comes from. WhatsApp takes nothing but JPEG for it, so that its
/// media type need not be given.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Map<String, Value>")]
pub struct Picture(MediaSource);

impl Picture {
    /// Where it comes from.
    pub(super) fn source(&mut self) -> &mut MediaSource {
        &mut self.0
    }

    /// The file.
    pub(super) fn outgoing(&self) -> OutgoingFile {
        OutgoingFile::of(&self.0)
    }

    /// Whether exactly one source is given.
    pub(super) fn check(&self) -> Result<(), BadId> {
        self.0.check().map_err(BadId::new)
    }
}

/// Takes a loaded picture, which has to be JPEG.
pub(super) fn accept_jpeg(media: Media) -> BackendResult<Media> {
    match media.mime.as_str() {
        "image/jpeg" => Ok(media),
        mime => Err(file_refused(
            &format!("the file is {mime}, not JPEG"),
            "turn it into a JPEG picture, then call again",
        )),
    }
}

impl TryFrom<Map<String, Value>> for Picture {
    type Error = serde_json::Error;

    fn try_from(fields: Map<String, Value>) -> Result<Self, Self::Error> {
        let mut source = media_source(fields)?;
        if source.base64.is_some() {
            source.mime.get_or_insert_with(|| "image/jpeg".into());
        }
        Ok(Self(source))
    }
}

impl JsonSchema for Picture {
    fn schema_name() -> Cow<'static, str> {
        "Picture".into()
    }

    fn inline_schema() -> bool {
        true
    }

    // Shorter than the schema of other media: models pay for it on each turn.
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "properties": {
                "url": { "type": "string", "description": "Public https address." },
                "base64": { "type": "string", "description": "Its content." },
                "path": { "type": "string", "description": "File in the outbox." },
            },
            "additionalProperties": false,
        })
    }
}

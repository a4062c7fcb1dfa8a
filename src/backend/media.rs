//! Loads files to send, once the call is permitted.

use crate::{
    media::{Family, Media, MediaRules, MediaSource, load},
    op::{BackendError, GUARD, MediaKind, Picture, SendMedia, SendVoice},
};

/// The file of `send_media`, and how it is shown.
pub(super) async fn to_show(
    op: &SendMedia,
    rules: &MediaRules,
) -> Result<(MediaKind, Media), BackendError> {
    let mut media = loaded(&op.media, rules).await?;
    let family = media.family();
    let kind = op.kind.unwrap_or(match family {
        Family::Image => MediaKind::Image,
        Family::Video => MediaKind::Video,
        Family::Audio | Family::Other => MediaKind::Document,
    });
    match (kind, family) {
        (MediaKind::Image, Family::Image) | (MediaKind::Video, Family::Video) => {}
        (MediaKind::Document, _) => {}
        (MediaKind::Image, _) => return Err(wrong_kind("picture")),
        (MediaKind::Video, _) => return Err(wrong_kind("video")),
    }
    if let Some(name) = &op.file_name {
        media.file_name.clone_from(name);
    }
    Ok((kind, media))
}

/// The file of `send_voice`.
pub(super) async fn to_hear(op: &SendVoice, rules: &MediaRules) -> Result<Media, BackendError> {
    let media = loaded(&op.media, rules).await?;
    match media.family() {
        Family::Audio => Ok(media),
        Family::Image | Family::Video | Family::Other => Err(wrong_kind("recording")),
    }
}

/// A profile or group picture, which has to be JPEG.
pub(super) async fn to_portray(
    picture: &Picture,
    rules: &MediaRules,
) -> Result<Media, BackendError> {
    let media = loaded(picture.source(), rules).await?;
    if media.mime == "image/jpeg" {
        return Ok(media);
    }
    Err(unsent(
        &format!("the file is {}, not JPEG", media.mime),
        "turn it into a JPEG picture, then call again",
    ))
}

async fn loaded(source: &MediaSource, rules: &MediaRules) -> Result<Media, BackendError> {
    let media = load(source, rules)
        .await
        .map_err(|error| unsent(&error.to_string(), error.remedy()))?;
    tracing::info!(
        bytes = media.bytes.len(),
        mime = media.mime,
        sha256 = media.sha256,
        "loaded"
    );
    Ok(media)
}

fn wrong_kind(wanted: &str) -> BackendError {
    unsent(
        &format!("the content of the file is not a {wanted}"),
        "send another file, or send it with send_media as kind document",
    )
}

fn unsent(why: &str, next: &'static str) -> BackendError {
    BackendError::refused(GUARD, &format!("{why}; nothing was sent"), next)
}

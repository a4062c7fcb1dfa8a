//! Loading what is to be sent; called only once a call is permitted.

use crate::{
    media::{Family, Media, MediaRules, MediaSource, load},
    op::{BackendError, GUARD, MediaKind, Picture, SendMedia, SendVoice, Untrusted},
};

/// What is to be shown, and how.
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
        (MediaKind::Image, _) => return Err(another("picture")),
        (MediaKind::Video, _) => return Err(another("video")),
    }
    if let Some(name) = &op.file_name {
        media.file_name.clone_from(name);
    }
    Ok((kind, media))
}

/// What is to be heard.
pub(super) async fn to_hear(op: &SendVoice, rules: &MediaRules) -> Result<Media, BackendError> {
    let media = loaded(&op.media, rules).await?;
    match media.family() {
        Family::Audio => Ok(media),
        Family::Image | Family::Video | Family::Other => Err(another("recording")),
    }
}

/// What is to be shown beside a name.
pub(super) async fn to_portray(
    picture: &Picture,
    rules: &MediaRules,
) -> Result<Media, BackendError> {
    let media = loaded(picture.source(), rules).await?;
    if media.mime == "image/jpeg" {
        return Ok(media);
    }
    Err(unsent(
        &format!("by its first bytes this is {}, and no JPEG", media.mime),
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

fn another(wanted: &str) -> BackendError {
    unsent(
        &format!("by its first bytes this is no {wanted}"),
        "send another file, or with send_media as kind document",
    )
}

fn unsent(why: &str, next: &'static str) -> BackendError {
    BackendError::Refused {
        api: GUARD,
        status: None,
        said: Untrusted::new(&format!("{why}; nothing was sent")),
        next,
    }
}

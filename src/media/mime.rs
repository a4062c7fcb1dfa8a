//! Detects the media type of a file from its first bytes.

/// The kinds of media that WhatsApp distinguishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// A picture.
    Image,
    /// A video.
    Video,
    /// Sound.
    Audio,
    /// Anything else.
    Other,
}

impl Family {
    /// The family of a media type.
    pub(super) fn of(mime: &str) -> Self {
        match mime.split_once('/') {
            Some(("image", _)) => Self::Image,
            Some(("video", _)) => Self::Video,
            Some(("audio", _)) => Self::Audio,
            _ => Self::Other,
        }
    }
}

/// Media types whose signature is a fixed prefix.
const SIGNATURES: &[(&[u8], &str)] = &[
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"\x1a\x45\xdf\xa3", "video/webm"),
    (b"OggS", "audio/ogg"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"\xff\xf3", "audio/mpeg"),
    (b"\xff\xf1", "audio/aac"),
    (b"\xff\xf9", "audio/aac"),
    (b"fLaC", "audio/flac"),
    (b"#!AMR", "audio/amr"),
    (b"%PDF-", "application/pdf"),
];

/// The media type that the first bytes identify.
pub(super) fn sniff(bytes: &[u8]) -> Option<&'static str> {
    if let Some((_, mime)) = SIGNATURES
        .iter()
        .find(|(magic, _)| bytes.starts_with(magic))
    {
        return Some(mime);
    }
    match (bytes.get(..4)?, bytes.get(4..8)?, bytes.get(8..12)?) {
        (b"RIFF", _, b"WEBP") => Some("image/webp"),
        (b"RIFF", _, b"WAVE") => Some("audio/wav"),
        (b"RIFF", _, b"AVI ") => Some("video/x-msvideo"),
        (_, b"ftyp", b"heic" | b"heix" | b"mif1") => Some("image/heic"),
        (_, b"ftyp", b"M4A " | b"M4B ") => Some("audio/mp4"),
        (_, b"ftyp", b"qt  ") => Some("video/quicktime"),
        (_, b"ftyp", [b'3', b'g', b'p', _]) => Some("video/3gpp"),
        (_, b"ftyp", _) => Some("video/mp4"),
        _ => None,
    }
}

/// The media type of a file. The declared type counts only if the bytes identify none,
/// and if it is not a type that the bytes would have identified.
pub(super) fn mime(bytes: &[u8], declared: Option<&str>) -> String {
    let declared = declared.map(|mime| mime.split(';').next().unwrap_or_default().trim());
    let is_credible = |mime: &&str| {
        is_mime(mime) && Family::of(mime) == Family::Other && *mime != "application/pdf"
    };
    sniff(bytes)
        .or_else(|| declared.filter(is_credible))
        .unwrap_or("application/octet-stream")
        .to_owned()
}

/// Whether clients show files of this type as pictures.
pub fn is_inline_image(mime: &str) -> bool {
    matches!(
        mime,
        "image/jpeg" | "image/png" | "image/gif" | "image/webp"
    )
}

/// Whether files of this type are audio.
pub fn is_audio(mime: &str) -> bool {
    Family::of(mime) == Family::Audio
}

/// Whether a text is a media type in lower case without parameters.
pub(super) fn is_mime(text: &str) -> bool {
    let token = |part: &str| {
        let fits = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"!#$&^_.+-".contains(&byte)
        };
        !part.is_empty() && part.bytes().all(fits)
    };
    text.len() <= 100
        && text
            .split_once('/')
            .is_some_and(|(family, rest)| token(family) && token(rest))
}

/// The usual file name extension of a media type.
pub(super) fn extension(mime: &str) -> &'static str {
    match mime {
        "image/jpeg" => "jpg",
        "image/png" => "png",
        "image/gif" => "gif",
        "image/webp" => "webp",
        "image/heic" => "heic",
        "video/mp4" => "mp4",
        "video/webm" => "webm",
        "video/quicktime" => "mov",
        "video/3gpp" => "3gp",
        "video/x-msvideo" => "avi",
        "audio/ogg" => "ogg",
        "audio/mpeg" => "mp3",
        "audio/mp4" => "m4a",
        "audio/aac" => "aac",
        "audio/flac" => "flac",
        "audio/amr" => "amr",
        "audio/wav" => "wav",
        "application/pdf" => "pdf",
        "text/plain" => "txt",
        "text/csv" => "csv",
        "text/calendar" => "ics",
        "text/vcard" => "vcf",
        "application/json" => "json",
        "application/zip" => "zip",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document" => "docx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" => "xlsx",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation" => "pptx",
        _ => "bin",
    }
}

/// Whether an extension means the same media type as the usual one.
pub(super) fn is_same_extension(given: &str, usual: &str) -> bool {
    let given = given.to_ascii_lowercase();
    given == usual
        || matches!(
            (given.as_str(), usual),
            ("jpeg", "jpg") | ("oga" | "opus", "ogg")
        )
}

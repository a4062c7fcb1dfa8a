//! The type of a file by its content alone, where there is no doubt.

use super::mime::sniff;

/// Every type that [`content_type`] returns.
pub const CONTENT_TYPES: [&str; 18] = [
    "application/pdf",
    "audio/aac",
    "audio/amr",
    "audio/flac",
    "audio/mp4",
    "audio/mpeg",
    "audio/ogg",
    "audio/wav",
    "image/gif",
    "image/heic",
    "image/jpeg",
    "image/png",
    "image/webp",
    "video/3gpp",
    "video/mp4",
    "video/quicktime",
    "video/webm",
    "video/x-msvideo",
];

/// How far into a file readers of PDF look for its header, and browsers for HTML, in bytes.
const HEADER_BYTES: usize = 1024;

/// How far into a file unpackers look for an archive that follows a program, in bytes.
const ARCHIVE_HEADER_BYTES: usize = 1 << 20;

/// How far from its end a file can have the end of a ZIP archive: the record and its
/// comment, in bytes.
const ZIP_END_BYTES: usize = 22 + 0xffff;

/// The signature of the end of a ZIP archive.
const ZIP_END: &[u8] = b"PK\x05\x06";

/// Signatures of RAR and 7-Zip.
const ARCHIVES: [&[u8]; 2] = [b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c"];

/// The beginnings of pages and scripts, in small letters.
const SCRIPTS: [&[u8]; 7] = [
    b"<!doctype html",
    b"<html",
    b"<head",
    b"<body",
    b"<script",
    b"<svg",
    b"<?php",
];

/// Signatures that stand at one place in a file: of tar and of an image of a disc.
const FIXED: [(usize, &[u8]); 2] = [(257, b"ustar"), (0x8001, b"CD001")];

/// The media type that the content identifies for certain: it begins like a file of this type,
/// and is no file of another type besides (a polyglot), as far as readers of PDF, HTML and
/// archives would find one. It is one of [`CONTENT_TYPES`].
pub fn content_type(bytes: &[u8]) -> Option<&'static str> {
    let own = sniff(bytes)?;
    let is_certain = has_box_size(bytes) && !has_other(own, bytes);
    is_certain.then_some(own)
}

/// Whether the first box of a file of MP4 and its like is within the file; otherwise these
/// bytes are the signature of something else.
fn has_box_size(bytes: &[u8]) -> bool {
    match (bytes.first_chunk::<4>(), bytes.get(4..8)) {
        (Some(size), Some(b"ftyp")) => {
            let size = usize::try_from(u32::from_be_bytes(*size));
            size.is_ok_and(|size| (8..=bytes.len()).contains(&size))
        }
        _ => true,
    }
}

/// Whether the content is also that of a file of another type.
fn has_other(own: &str, bytes: &[u8]) -> bool {
    let start = bytes.get(..HEADER_BYTES).unwrap_or(bytes);
    let small = start.to_ascii_lowercase();
    let end = bytes.len().saturating_sub(ZIP_END_BYTES);
    let archive = bytes.get(..ARCHIVE_HEADER_BYTES).unwrap_or(bytes);
    (own != "application/pdf" && contains(start, b"%PDF-"))
        || SCRIPTS.iter().any(|script| contains(&small, script))
        || contains(bytes.get(end..).unwrap_or_default(), ZIP_END)
        || ARCHIVES
            .iter()
            .any(|signature| contains(archive, signature))
        || FIXED.iter().any(|(at, signature)| {
            let there = bytes.get(*at..);
            there.is_some_and(|there| there.starts_with(signature))
        })
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// The family of a media type, as patterns name it: `image` of `image/png`.
pub fn is_family(name: &str) -> bool {
    CONTENT_TYPES.iter().any(|mime| {
        mime.split_once('/')
            .is_some_and(|(family, _)| family == name)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A small file of each type.
    fn files() -> Vec<(&'static str, Vec<u8>)> {
        let mp4 = |brand: &[u8]| [b"\0\0\0\x14ftyp", brand, b"\0\0\0\0isom"].concat();
        let riff = |kind: &[u8]| [b"RIFF\x10\0\0\0", kind, b"data"].concat();
        vec![
            ("application/pdf", b"%PDF-1.7\n1 0 obj\n%%EOF\n".to_vec()),
            ("audio/aac", b"\xff\xf1\x50\x80".to_vec()),
            ("audio/amr", b"#!AMR\n".to_vec()),
            ("audio/flac", b"fLaC\0".to_vec()),
            ("audio/mp4", mp4(b"M4A ")),
            ("audio/mpeg", b"ID3\x04".to_vec()),
            ("audio/ogg", b"OggS\0".to_vec()),
            ("audio/wav", riff(b"WAVE")),
            ("image/gif", b"GIF89a\x01\0".to_vec()),
            ("image/heic", mp4(b"heic")),
            ("image/jpeg", b"\xff\xd8\xff\xe0\0\x10JFIF".to_vec()),
            ("image/png", b"\x89PNG\r\n\x1a\n\0".to_vec()),
            ("image/webp", riff(b"WEBP")),
            ("video/3gpp", mp4(b"3gp5")),
            ("video/mp4", mp4(b"isom")),
            ("video/quicktime", mp4(b"qt  ")),
            ("video/webm", b"\x1a\x45\xdf\xa3".to_vec()),
            ("video/x-msvideo", riff(b"AVI ")),
        ]
    }

    #[test]
    fn each_type_is_told_by_its_content() {
        let files = files();
        assert_eq!(
            files.iter().map(|(mime, _)| *mime).collect::<Vec<_>>(),
            CONTENT_TYPES
        );
        for (mime, bytes) in files {
            assert_eq!(content_type(&bytes), Some(mime));
            assert!(is_family(mime.split_once('/').unwrap().0));
        }
        for bytes in [
            &b""[..],
            b"Hi",
            b"PK\x03\x04",
            b"MZ\x90\0",
            b"\x7fELF",
            b"%pdf-1.7",
            b" %PDF-1.7",
        ] {
            assert_eq!(content_type(bytes), None, "{bytes:?}");
        }
    }

    #[test]
    fn a_file_of_two_types_is_of_none() {
        let zip_end = [ZIP_END, &[0; 18]].concat();
        for (mime, bytes) in files() {
            let with = |at: usize, part: &[u8]| {
                let mut both = bytes.clone();
                both.resize(both.len().max(at), b' ');
                both.splice(at.., part.iter().copied());
                both
            };
            let end = bytes.len();
            for (at, part) in [
                (end, &zip_end[..]),
                (end + 500, b"<ScRiPt>alert(1)</script>"),
                (end, b"\n<!DOCTYPE HTML>"),
                (end, b"<?php"),
                (end + 5000, ARCHIVES[0]),
                (end + 5000, ARCHIVES[1]),
                (257, b"ustar"),
                (0x8001, b"CD001"),
            ] {
                assert_eq!(content_type(&with(at, part)), None, "{mime} {part:?}");
            }
            let pdf = with(end + 900, b"%PDF-1.7");
            let is_pdf = mime == "application/pdf";
            assert_eq!(content_type(&pdf).is_some(), is_pdf, "{mime}");
            let commented = [&bytes[..], &zip_end, &[b'c'; 60_000]].concat();
            assert_eq!(content_type(&commented), None, "{mime}");
        }
        // A program, or an archive, whose fifth byte begins `ftyp`.
        for start in [b"MZ\0\0", b"PK\x03\x04", b"\x7fELF"] {
            let bytes = [&start[..], b"ftypisom\0\0\0\0"].concat();
            assert_eq!(content_type(&bytes), None, "{start:?}");
        }
    }

    proptest! {
        #[test]
        fn a_type_is_that_of_the_first_bytes_or_none(
            start in prop::sample::select(files()),
            rest: Vec<u8>,
        ) {
            let (mime, mut bytes) = start;
            bytes.extend(rest);
            let found = content_type(&bytes);
            prop_assert!(found.is_none_or(|found| found == mime && sniff(&bytes) == Some(mime)));
        }

        #[test]
        fn any_bytes_are_read(bytes: Vec<u8>) {
            prop_assert!(content_type(&bytes).is_none_or(|found| CONTENT_TYPES.contains(&found)));
        }
    }
}

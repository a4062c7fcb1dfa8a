//! Which of WAHA's own files an address means.

use percent_encoding::percent_decode_str;
use url::Url;

/// The path below which WAHA serves the files of messages and chats.
const FILES_PATH: &str = "/api/files/";

/// A file below [`FILES_PATH`]: the decoded segments of its path, at least one. None of
/// them leads anywhere else, however often a server decodes them.
#[derive(Debug, PartialEq)]
pub(super) struct OwnFile(Vec<String>);

impl OwnFile {
    /// The file that an http address names, whatever its host; `None` for any other
    /// address.
    pub(super) fn parse(address: &str) -> Option<Self> {
        // A parsed address hides these: a backslash becomes a slash, tabs and line ends are
        // dropped.
        if address.contains('\\') || address.contains(char::is_control) {
            return None;
        }
        let url = Url::parse(address).ok()?;
        let plain = matches!(url.scheme(), "http" | "https")
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        let (_, name) = url.path().split_once(FILES_PATH).filter(|_| plain)?;
        let segments = name.split('/').map(|segment| {
            let decoded = percent_decode_str(segment).decode_utf8().ok()?;
            is_name(&decoded).then(|| decoded.into_owned())
        });
        segments.collect::<Option<_>>().map(Self)
    }

    /// The decoded segments below [`FILES_PATH`].
    pub(super) fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

/// Whether this is a name as WAHA gives them to files and folders: a session, or a message
/// id with an extension.
fn is_name(segment: &str) -> bool {
    let is_plain = |c: char| c.is_alphanumeric() || " @._-+=,:()[]!~'&".contains(c);
    segment.chars().all(is_plain) && segment.chars().any(|c| c != '.')
}

//! `[media]`: which files may be sent.

use super::{Action, Code, Finding, Policy, Reason, RuleLocation};
use crate::{
    media::MediaOrigin,
    op::{Facts, FileFacts, OutgoingFile},
    text::in_bytes,
};

/// `[media]`: which files may be sent.
#[derive(Debug, Clone)]
pub(super) struct SendableFiles {
    /// `None`: all types, those too that the content does not identify.
    pub(super) types: Option<(Vec<MediaPattern>, RuleLocation)>,
    pub(super) max_bytes: Option<(u64, RuleLocation)>,
    /// `None`: all sources.
    pub(super) sources: Option<(Vec<MediaOrigin>, RuleLocation)>,
    pub(super) place: RuleLocation,
}

/// A media type, or all types of a family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MediaPattern(pub(super) Box<str>);

impl MediaPattern {
    /// Whether it stands for a media type.
    pub(super) fn matches(&self, mime: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some(family) => mime.starts_with(family),
            None => *self.0 == *mime,
        }
    }
}

impl SendableFiles {
    /// The findings against the file of a call. What is not known yet of a file is not held
    /// against it: a call is decided again once its file is loaded.
    pub(super) fn decide(&self, facts: &Facts) -> impl Iterator<Item = Finding<'_>> {
        let outgoing = facts.outgoing;
        let file = facts.file.as_ref();
        let found = [
            outgoing.and_then(|outgoing| self.source(outgoing)),
            outgoing.and_then(|outgoing| self.size(outgoing, file)),
            file.and_then(|file| self.content_type(file)),
        ];
        found.into_iter().flatten()
    }

    /// Whether it depends on the content.
    pub(super) const fn asks_for_content(&self) -> bool {
        self.types.is_some() || self.max_bytes.is_some()
    }

    /// Whether files of a type may be sent; `None` stands for a content that identifies no
    /// type.
    pub(super) fn allows_type(&self, mime: Option<&str>) -> bool {
        let allows = |types: &Vec<MediaPattern>| {
            mime.is_some_and(|mime| types.iter().any(|one| one.matches(mime)))
        };
        self.types.as_ref().is_none_or(|(types, _)| allows(types))
    }

    /// Whether files from a source may be sent.
    pub(super) fn allows_source(&self, origin: MediaOrigin) -> bool {
        let sources = self.sources.as_ref();
        sources.is_none_or(|(sources, _)| sources.contains(&origin))
    }

    fn source(&self, outgoing: OutgoingFile) -> Option<Finding<'_>> {
        let (sources, place) = self.sources.as_ref()?;
        let named: Vec<&str> = sources.iter().map(|origin| origin.name()).collect();
        let detail = format!(
            "the file comes from {}, and may come from {}",
            outgoing.origin.name(),
            one_of(&named)
        );
        (!self.allows_source(outgoing.origin)).then(|| refused(place, detail))
    }

    fn size(&self, outgoing: OutgoingFile, file: Option<&FileFacts>) -> Option<Finding<'_>> {
        let (max_bytes, place) = self.max_bytes.as_ref()?;
        let bytes = file.map_or(outgoing.least_bytes, |file| file.bytes);
        let is_larger = u64::try_from(bytes).is_ok_and(|bytes| bytes > *max_bytes);
        is_larger.then(|| refused(place, too_large(*max_bytes)))
    }

    fn content_type(&self, file: &FileFacts) -> Option<Finding<'_>> {
        let (types, place) = self.types.as_ref()?;
        if self.allows_type(file.content_type) {
            return None;
        }
        let named: Vec<&str> = types.iter().map(|one| &*one.0).collect();
        let is = match file.content_type {
            Some(mime) => format!("the file is {mime} by its content"),
            None => "the content of the file is of no type for certain".to_owned(),
        };
        let detail = format!("{is}, and has to be {}", one_of(&named));
        Some(refused(place, detail))
    }
}

impl Policy {
    /// The most bytes of a file that a caller may send, with the rule.
    pub(crate) fn max_file_bytes(&self, grant: &str) -> Option<&(u64, RuleLocation)> {
        let media = self
            .layers_of(grant)
            .filter_map(|layer| layer.media.as_ref());
        let all = media.filter_map(|media| media.max_bytes.as_ref());
        all.min_by_key(|(max_bytes, _)| *max_bytes)
    }

    /// Why a file is refused that is larger than a caller may send.
    pub(crate) fn file_too_large(&self, grant: &str) -> Reason {
        match self.max_file_bytes(grant) {
            Some((max_bytes, place)) => Reason::new(Code::FileNotAllowed, Some(place.clone()))
                .with_detail(too_large(*max_bytes)),
            // The policy was replaced meanwhile.
            None => Reason::new(Code::FileNotAllowed, None),
        }
    }

    /// Whether what a caller may send depends on the content of the file.
    pub fn asks_for_content(&self, grant: &str) -> bool {
        let mut media = self
            .layers_of(grant)
            .filter_map(|layer| layer.media.as_ref());
        media.any(SendableFiles::asks_for_content)
    }
}

fn refused(place: &RuleLocation, detail: String) -> Finding<'_> {
    let effect = Action::Deny.effect(Code::FileNotAllowed, place, Some(detail));
    Finding::new(effect, place)
}

/// The reason of a refusal by `media.max_bytes`.
fn too_large(max_bytes: u64) -> String {
    format!("the file has more than {}", in_bytes(max_bytes))
}

fn one_of(names: &[&str]) -> String {
    match names {
        [] => "nowhere".to_owned(),
        names => names.join(" or "),
    }
}

//! `[media]`: which files may be sent.

use super::{
    keys::{MAX_FILE_BYTES, MEDIA},
    reader::Reader,
};
use crate::{
    media::{CONTENT_TYPES, MediaOrigin, is_family},
    policy::{
        document::{Node, NodeValue, shorten},
        media::{MediaPattern, SendableFiles},
    },
    text::{self, nearest},
};

impl Reader<'_> {
    pub(super) fn media(&mut self, node: &Node) -> Option<SendableFiles> {
        let fields = self.table(node, &MEDIA)?;
        let types = fields.get("types").map(|node| {
            let items = self.list(node, "a list of media types").iter();
            let types = items.filter_map(|item| self.media_type(item)).collect();
            (types, self.place(&node.key_span, "media.types"))
        });
        let max_bytes = fields.get("max_bytes").and_then(|node| {
            let max_bytes = self.size(node)?;
            Some((max_bytes, self.place(&node.key_span, "media.max_bytes")))
        });
        let sources = fields.get("sources").map(|node| {
            let origins = MediaOrigin::ALL.map(|origin| (origin.name(), origin));
            let items = self.list(node, "a list of sources").iter();
            let sources = items
                .filter_map(|item| self.choice(item, origins))
                .collect();
            (sources, self.place(&node.key_span, "media.sources"))
        });
        Some(SendableFiles {
            types,
            max_bytes,
            sources,
            place: self.place(&node.key_span, "media"),
        })
    }

    /// A media type that contents identify, or a family of them: `image/*`.
    fn media_type(&mut self, node: &Node) -> Option<MediaPattern> {
        let Some(name) = node.text() else {
            return self.invalid(node, "a media type such as \"application/pdf\"");
        };
        let is_known = match name.strip_suffix("/*") {
            Some(family) => is_family(family),
            None => CONTENT_TYPES.contains(&name),
        };
        if is_known {
            return Some(MediaPattern(name.into()));
        }
        let message = format!("no content is known to be `{}`", shorten(name));
        let hint = match nearest(name, CONTENT_TYPES.into_iter()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the types are {}", CONTENT_TYPES.join(", ")),
        };
        self.wrong(&node.span, "unknown-media-type", &message, &hint);
        None
    }

    /// A size in bytes: a number, or text with a unit.
    fn size(&mut self, node: &Node) -> Option<u64> {
        let size = match &node.value {
            NodeValue::Integer(bytes) => u64::try_from(*bytes).ok(),
            NodeValue::Text(text) => text::size(text),
            _ => None,
        };
        let size = size.filter(|bytes| (1..=MAX_FILE_BYTES).contains(bytes));
        size.or_else(|| self.invalid(node, "from 1 byte to 1 GB, such as \"2MB\" or 2000000"))
    }
}

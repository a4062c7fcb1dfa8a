//! The facts of a call: the gate and the policy decide on them before anything is sent.

use std::{fmt, sync::Arc};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{
    AnswerSize, BadCall, CallContent, ChatId, LastIncoming, Operation, Reads, Risk, Targets, Topic,
    arguments::bad_arguments, read,
};
use crate::{
    media::{Media, MediaOrigin, MediaSource, content_type},
    text::hex,
};

/// The facts of a call.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The tool.
    pub tool: &'static str,
    /// What it does, in words that follow "An agent wants to".
    pub intent: &'static str,
    /// How much harm it can do.
    pub risk: Risk,
    /// What it is about.
    pub topic: Topic,
    /// The chats, groups and people that the arguments name.
    pub targets: Targets,
    /// The arguments after parsing, in the order of the schema.
    pub arguments: Arc<Value>,
    /// Digest of the tool, all arguments, and the file once it is loaded.
    pub digest: Digest,
    /// Digest of what it has in common with equal calls; `None` if equal calls do no harm.
    pub content: Option<Digest>,
    /// Whether it is made although an equal call was.
    pub repeats: bool,
    /// The most messages that the answer can contain.
    pub reads: u32,
    /// Whether the answer shows what messages say; `None`: if that has no consequences.
    pub texts: Option<bool>,
    /// The file that is sent, before it is loaded; `None` for a call that sends none.
    pub outgoing: Option<OutgoingFile>,
    /// The file that is sent, once it is loaded.
    pub file: Option<FileFacts>,
    /// When others wrote last in the chats of the call, as far as it was looked up for it.
    pub incoming: LastIncoming,
    /// The chat of the call that does not exist for its caller. The targets have a stand-in
    /// for it, so that the call is decided as one that names nobody.
    pub concealed: Option<Box<ChatId>>,
}

/// What the arguments say of a file that is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutgoingFile {
    /// Where it comes from.
    pub origin: MediaOrigin,
    /// The fewest bytes that it has.
    pub least_bytes: usize,
}

impl OutgoingFile {
    pub(super) fn of(source: &MediaSource) -> Self {
        Self {
            origin: source.origin(),
            least_bytes: source.least_bytes(),
        }
    }
}

/// What is known of a file before it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFacts {
    /// The name that it is sent with.
    pub name: String,
    /// Its length.
    pub bytes: usize,
    /// Its media type.
    pub mime: String,
    /// The type that its content identifies for certain.
    pub content_type: Option<&'static str>,
    /// SHA-256 of its content, in hexadecimal digits.
    pub sha256: String,
}

impl FileFacts {
    pub(crate) fn of(media: &Media) -> Self {
        Self {
            name: media.file_name.clone(),
            bytes: media.bytes.len(),
            mime: media.mime.clone(),
            content_type: content_type(&media.bytes),
            sha256: media.sha256.clone(),
        }
    }
}

impl Facts {
    /// Adds the file of a call: it is part of what is approved, audited, and compared with
    /// earlier calls from now on.
    pub(crate) fn add_file(&mut self, file: FileFacts, content: Option<&mut CallContent>) {
        let digest = self.digest.to_string();
        let whole = json!([digest, file.name, file.mime, file.sha256]);
        self.digest = Digest::of(self.tool, &whole);
        if let Some(content) = content {
            content.add_file(&file.sha256);
            self.content = Some(content.digest(self.tool));
        }
        self.file = Some(file);
    }
}

/// SHA-256 of a tool's name and its parsed arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    pub(crate) fn of(tool: &str, arguments: &Value) -> Self {
        let mut hash = Sha256::new();
        hash.update(tool.as_bytes());
        hash.update([0]);
        hash.update(arguments.to_string().as_bytes());
        Self(hash.finalize().into())
    }

    /// The digest's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

/// The operation of a call with its facts and [`Operation::content`]. `size` bounds the
/// page of a list.
///
/// # Errors
/// [`BadCall::BadArguments`].
pub(crate) fn parse<O: Operation>(
    arguments: &Value,
    size: AnswerSize,
) -> Result<(O, Facts, Option<Box<CallContent>>), BadCall> {
    let mut op = read::<O>(arguments)?;
    if let Some(page) = op.page() {
        page.within(size);
    }
    let facts = facts_of(&mut op)?;
    let content = op.content().map(Box::new);
    Ok((op, facts, content))
}

/// The facts of a call with these arguments.
pub(crate) fn facts<O: Operation>(arguments: Value) -> Result<Facts, BadCall> {
    facts_of(&mut read::<O>(&arguments)?)
}

fn facts_of<O: Operation>(op: &mut O) -> Result<Facts, BadCall> {
    op.check().map_err(|error| bad_arguments::<O>(&error))?;
    let canonical = serde_json::to_value(&*op).map_err(|error| bad_arguments::<O>(&error))?;
    let content = op.content();
    Ok(Facts {
        tool: O::NAME,
        intent: O::INTENT,
        risk: O::RISK,
        topic: O::TOPIC,
        targets: op.targets(),
        digest: Digest::of(O::NAME, &canonical),
        content: content.as_ref().map(|content| content.digest(O::NAME)),
        repeats: content.is_some_and(|content| content.repeats()),
        reads: match O::READS {
            Reads::Nothing => 0,
            Reads::One => 1,
            // Without a page there is no bound.
            Reads::Page => op.page().map_or(u32::MAX, |page| page.get().into()),
        },
        texts: op.texts(),
        arguments: Arc::new(canonical),
        outgoing: op.outgoing(),
        file: None,
        incoming: LastIncoming::default(),
        concealed: None,
    })
}

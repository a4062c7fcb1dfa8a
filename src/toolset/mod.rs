//! Which operations a back end offers, and how one is prepared and run.

mod builder;
mod resolver;

use std::{
    collections::BTreeMap,
    pin::Pin,
    sync::{Arc, OnceLock},
};

use serde_json::{Map, Value};

pub use builder::Builder;
use resolver::Resolver;
pub use resolver::{AttributeSource, LookupRequest, Resolved};

use crate::{
    gate::{BriefPermit, LookupPermit, Permitted},
    op::{
        AnswerSize, Attachment, BackendError, BadCall, Briefing, ChatId, Digest, Facts, Identities,
        Progress, Reading, Risk, Schemas, Untrusted,
    },
    text::nearest,
};

/// The arguments of a call, as they came.
pub type Arguments = Map<String, Value>;

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;
type Run = Box<dyn FnOnce(ReadFilter, Progress) -> Boxed<Result<Answer, BackendError>> + Send>;
/// Which chats' messages may be told.
pub(crate) type ReadFilter = Option<Arc<dyn Fn(&ChatId) -> bool + Send + Sync>>;
/// How a briefing is looked up.
pub(crate) type Brief = Box<dyn FnOnce() -> Boxed<Result<Briefing, BackendError>> + Send>;

/// The tools of one back end, ordered by name.
pub struct Toolset {
    tools: BTreeMap<&'static str, Tool>,
    resolver: Resolver,
    notice: Option<&'static str>,
    answer: AnswerSize,
}

/// A tool: what it is, and how a call of it is prepared.
pub struct Tool {
    /// The tool's name.
    pub name: &'static str,
    /// How much harm it can do.
    pub risk: Risk,
    /// Whether doing it twice is the same as doing it once.
    pub idempotent: bool,
    make_schemas: fn() -> Schemas,
    schemas: OnceLock<Schemas>,
    prepare: Box<dyn Fn(Value, AnswerSize) -> Result<Prepared, BadCall> + Send + Sync>,
}

/// A call that has been understood; nothing has been sent.
pub struct Prepared {
    facts: Facts,
    run: Run,
    brief: Option<Brief>,
    content: Option<Value>,
}

/// What a call came to.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The answer as structured content, an object.
    pub structured: Value,
    /// The same, short, for a reader.
    pub text: String,
    /// Pictures, sound and files that belong to it.
    pub attachments: Vec<Attachment>,
    /// Whether the effect is not known to have happened.
    pub failed: bool,
    /// What of other people's messages is in it.
    pub reading: Reading,
    /// The account's state, where it tells it.
    pub account_state: Option<String>,
}

impl Prepared {
    /// What the gate decides on.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Puts people in the place of hidden identities, wherever the gate looks. What is
    /// sent stays as it was asked for.
    pub(crate) fn identify(&mut self, known: &Identities) {
        self.facts.targets.identify(known);
        if let Some(content) = &mut self.content {
            known.replace(content);
            self.facts.content = Some(Digest::of(self.facts.tool, content));
        }
    }

    /// The briefing of this call, to be run under a permit of its own.
    pub(crate) fn take_brief(&mut self) -> Option<Brief> {
        self.brief.take()
    }
}

impl Toolset {
    /// Starts the list of a back end's tools.
    pub fn for_backend<B: AttributeSource>(backend: &B) -> Builder<B, ()> {
        Builder::new(backend)
    }

    /// The same tools, with answers of at most this size.
    #[must_use]
    pub fn answering_within(mut self, answer: AnswerSize) -> Self {
        self.answer = answer;
        self
    }

    /// The same tools, with a notice at the beginning of every answer.
    #[must_use]
    pub fn with_notice(mut self, notice: &'static str) -> Self {
        self.notice = Some(notice);
        self
    }

    /// The tools, ordered by name.
    pub fn tools(&self) -> impl Iterator<Item = &Tool> {
        self.tools.values()
    }

    /// The tool of this name.
    pub fn get(&self, name: &str) -> Option<&Tool> {
        self.tools.get(name)
    }

    /// What every answer says first, where there is something to say.
    pub fn notice(&self) -> Option<&'static str> {
        self.notice
    }

    /// Reads a call's arguments into a typed operation; sends nothing.
    ///
    /// # Errors
    /// [`BadCall`] when there is no such tool or an argument is wrong.
    pub fn prepare(&self, name: &str, arguments: Arguments) -> Result<Prepared, BadCall> {
        match self.tools.get(name) {
            Some(tool) => (tool.prepare)(Value::Object(arguments), self.answer),
            None => Err(BadCall::UnknownTool {
                name: Untrusted::new(name),
                nearest: nearest(name, self.tools.keys().copied()),
            }),
        }
    }

    /// Runs a call that the gate has let through.
    ///
    /// # Errors
    /// The back end's [`BackendError`].
    pub async fn run(
        &self,
        permitted: Permitted,
        progress: Progress,
    ) -> Result<Answer, BackendError> {
        progress.still_wanted()?;
        let (call, read_filter) = permitted.into_parts();
        (call.run)(read_filter, progress).await
    }

    /// Finds out what the gate has to know before it can judge.
    pub async fn resolve(&self, permit: LookupPermit) -> Resolved {
        self.resolver.run(permit).await
    }

    /// Looks up what a person needs to know before deciding.
    ///
    /// # Errors
    /// The back end's [`BackendError`].
    pub async fn brief(&self, permit: BriefPermit) -> Result<Briefing, BackendError> {
        permit.into_brief()().await
    }
}

impl Tool {
    /// The tool's description and schemas, made when they are first asked for.
    pub fn schemas(&self) -> &Schemas {
        self.schemas.get_or_init(self.make_schemas)
    }
}

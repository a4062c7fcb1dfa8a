//! Which tools a back end offers, how a call is prepared, and how a permitted call is run.

mod answer;
mod builder;
mod call;
mod file_call;
mod lookup;
mod permit;

use std::{
    collections::BTreeMap,
    pin::Pin,
    sync::{Arc, OnceLock},
    time::Instant,
};

use serde_json::{Map, Value};

pub use builder::Builder;
pub use call::{BriefMethod, Method};
pub use file_call::{FileBound, FileMethod, LoadFailure};
pub use lookup::{
    AddressBook, AttributeSource, HistoryPart, HistoryRequest, IncomingRequest, LookupRequest,
    Resolved,
};
pub use permit::{Authority, BriefPermit, FilePermit, LookupPermit, Permitted};

use crate::{
    ledger::SwitchEpoch,
    media::{LoadError, MediaRules, load},
    op::{
        AnswerSize, Attachment, BackendError, BadCall, Briefing, CallContent, ChatId, Facts,
        Handover, Identities, LastIncoming, MessageView, PersonId, Progress, Reading, RequestKind,
        Risk, Schemas, Untrusted, file_refused,
    },
    shares::Share,
    text::{Secrets, nearest},
};
use call::{Parse, PreparedCall};
use lookup::Resolver;

/// The arguments of a call, as the client sent them.
pub type Arguments = Map<String, Value>;

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;
/// Whether messages of a chat may be shown; `None` shows those of every chat.
pub type ReadFilter = Option<Arc<dyn Fn(&ChatId) -> MessageView + Send + Sync>>;

/// The tools of one back end, ordered by name.
pub struct Toolset {
    tools: BTreeMap<&'static str, Tool>,
    resolver: Arc<dyn Resolver>,
    secrets: Arc<Secrets>,
    media: MediaRules,
    notice: Option<&'static str>,
    answer: AnswerSize,
    resolves_lids: bool,
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
    parser: Box<dyn Parse>,
}

/// A call whose arguments are parsed; nothing has been sent.
pub struct Prepared {
    facts: Facts,
    /// The epoch of the kill switch in which the call began to wait for its decision.
    begun_in: Option<SwitchEpoch>,
    content: Option<Box<CallContent>>,
    call: Box<dyn PreparedCall>,
    prepared_at: Instant,
}

/// The answer of a call.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The answer as structured content, an object.
    pub structured: Value,
    /// The same as a short text.
    pub text: String,
    /// Pictures, sound and files that belong to it.
    pub attachments: Vec<Attachment>,
    /// Whether the effect is not known to have happened.
    pub failed: bool,
    /// Whether a change that the API accepted is lost.
    pub lost: bool,
    /// Which messages of other people it contains.
    pub reading: Reading,
    /// The account's state, if the answer reports it.
    pub account_state: Option<String>,
}

impl Prepared {
    fn new(facts: Facts, content: Option<Box<CallContent>>, call: Box<dyn PreparedCall>) -> Self {
        Self {
            facts,
            begun_in: None,
            content,
            call,
            prepared_at: Instant::now(),
        }
    }

    /// When its arguments were parsed.
    pub(crate) fn prepared_at(&self) -> Instant {
        self.prepared_at
    }

    /// Adds what was looked up for it: when others wrote last in its chats.
    pub(crate) fn add_incoming(&mut self, incoming: LastIncoming) {
        self.facts.incoming.extend(incoming);
    }

    /// The facts that the call is decided on.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Whether it can be decided and run: a call that sends a file only once it is loaded.
    pub fn is_complete(&self) -> bool {
        self.call.is_complete()
    }

    /// Whether the file that it sends comes from the network and is not loaded yet.
    pub(crate) fn fetches_file(&mut self) -> bool {
        self.call.fetches_file()
    }

    /// Records in which epoch of the kill switch the call waits for what its decision depends
    /// on. The first one counts.
    pub(crate) fn begin_in(&mut self, epoch: SwitchEpoch) {
        self.begun_in.get_or_insert(epoch);
    }

    /// The epoch in which the call began to wait; `None` if it did not.
    pub(crate) fn begun_in(&self) -> Option<SwitchEpoch> {
        self.begun_in
    }

    /// Replaces hidden identities by the people behind them in the facts. The request
    /// keeps the ids of the arguments.
    pub(crate) fn identify(&mut self, identities: &Identities) {
        self.facts.targets.identify(identities);
        if let Some(content) = &mut self.content {
            content.identify(identities);
            self.facts.content = Some(content.digest(self.facts.tool));
        }
    }
}

impl Toolset {
    /// Starts the list of a back end's tools, which send files that `media` admits.
    pub fn for_backend<B: AttributeSource>(backend: &B, media: &MediaRules) -> Builder<B> {
        Builder::new(backend, media)
    }

    /// Whether the back end can look up who is behind an id without a number.
    pub fn resolves(&self, person: &PersonId) -> bool {
        self.resolves_lids && person.is_lid()
    }

    /// The same tools, with answers of at most this size.
    #[must_use]
    pub fn answering_within(mut self, answer: AnswerSize) -> Self {
        self.answer = answer;
        self
    }

    /// The most bytes of media that is sent, by the configuration.
    pub fn max_media_bytes(&self) -> usize {
        self.media.max_bytes()
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

    /// The notice at the beginning of every answer, if there is one.
    pub fn notice(&self) -> Option<&'static str> {
        self.notice
    }

    /// Parses a call's arguments into a typed operation; sends nothing.
    ///
    /// # Errors
    /// [`BadCall`] when there is no such tool or an argument is wrong.
    pub fn prepare(&self, name: &str, arguments: Arguments) -> Result<Prepared, BadCall> {
        match self.tools.get(name) {
            Some(tool) => tool.parser.parse(&Value::Object(arguments), self.answer),
            None => Err(BadCall::UnknownTool {
                name: Untrusted::new(name),
                nearest: nearest(name, self.tools.keys().copied()),
            }),
        }
    }

    /// Runs a permitted call.
    ///
    /// # Errors
    /// The back end's [`BackendError`].
    pub async fn run(
        &self,
        permitted: Permitted,
        progress: Progress,
    ) -> Result<Answer, BackendError> {
        progress.begin().await?;
        let Permitted {
            prepared,
            read_filter,
        } = permitted;
        let ended = prepared.call.run(read_filter, progress.clone()).await;
        ended
            .map(|answer| answer.redacted(&self.secrets))
            .map_err(|error| progress.error(error).redacted(&self.secrets))
    }

    /// Looks up what a decision depends on. What cannot be found out in time is missing
    /// from the result.
    pub async fn resolve(&self, permit: LookupPermit) -> Resolved {
        let LookupPermit(request, progress) = permit;
        let resolved = self.resolver.resolve(request, progress).await;
        resolved.redacted(&self.secrets)
    }

    /// Loads the file of a call, which is decided on and sent from now on. Its bytes are
    /// taken of `room` until the call has ended.
    ///
    /// # Errors
    /// If the file cannot be loaded, or the tool cannot send it; nothing was sent.
    pub(crate) async fn load(
        &self,
        mut call: Prepared,
        permit: FilePermit,
        mut room: Share,
    ) -> Result<Prepared, LoadFailure> {
        let FilePermit {
            progress,
            max_bytes,
        } = permit;
        let Some(source) = call.call.take_source() else {
            return Ok(call);
        };
        let handover = Handover::new(RequestKind::Read, &progress);
        let guard = |request| handover.guard(request);
        let server = self.media.max_bytes();
        let rules = self.media.at_most(max_bytes.unwrap_or(server));
        let loading = load(&source, &rules, &mut room, &guard);
        let loaded = handover.run(&progress, loading).await;
        let loaded = loaded.map_err(LoadFailure::Refused)?;
        let media = loaded.map_err(|error| match error {
            LoadError::NoRoom => LoadFailure::Bound(FileBound::Room),
            LoadError::TooLarge(bound) if bound < server => LoadFailure::Bound(FileBound::Permit),
            error => LoadFailure::Refused(file_refused(&error.to_string(), error.remedy())),
        })?;
        tracing::info!(
            bytes = media.bytes.len(),
            mime = media.mime,
            sha256 = media.sha256,
            "loaded"
        );
        let attached = call.call.attach(media, room);
        if let Some(file) = attached.map_err(LoadFailure::Refused)? {
            call.facts.add_file(file, call.content.as_deref_mut());
        }
        Ok(call)
    }

    /// Looks up what a person should know before approving a call.
    ///
    /// # Errors
    /// The back end's [`BackendError`].
    pub async fn brief(&self, permit: BriefPermit) -> Result<Briefing, BackendError> {
        let briefing = permit.0.await;
        briefing
            .map(|briefing| briefing.redacted(&self.secrets))
            .map_err(|error| error.redacted(&self.secrets))
    }
}

impl Tool {
    /// The tool's description and schemas, made at the first call.
    pub fn schemas(&self) -> &Schemas {
        self.schemas.get_or_init(self.make_schemas)
    }

    /// Whether the caller can ask for a call that equals an earlier one, by `allow_repeat`.
    pub fn allows_repeat(&self) -> bool {
        let arguments = self.schemas().input.get("properties");
        arguments.is_some_and(|arguments| arguments.get("allow_repeat").is_some())
    }
}

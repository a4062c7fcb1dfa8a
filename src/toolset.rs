//! Which operations a back end offers, and how one is prepared and run.

use std::{
    collections::BTreeMap,
    fmt,
    marker::PhantomData,
    pin::Pin,
    sync::{Arc, OnceLock},
};

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::{
    backend::Fault,
    gate::{BriefPermit, Permitted},
    op::{Foreign, Image, Operation, Output, Risk, Touches},
    progress::Progress,
};

/// The arguments of a call, as they came.
pub type Arguments = Map<String, Value>;

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;
type Run = Box<dyn FnOnce(Progress) -> Boxed<Result<Answer, Fault>> + Send>;
/// How a briefing is looked up.
pub(crate) type Brief = Box<dyn FnOnce() -> Boxed<Result<Briefing, Fault>> + Send>;

/// The tools of one back end, ordered by name.
pub struct Toolset {
    tools: BTreeMap<&'static str, Tool>,
    notice: Option<&'static str>,
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
    prepare: Box<dyn Fn(Value) -> Result<Prepared, BadCall> + Send + Sync>,
}

/// What clients are told of a tool's arguments and answer.
pub struct Schemas {
    /// What the tool does, in one or two sentences.
    pub description: String,
    /// JSON schema of the arguments.
    pub input: Arc<Map<String, Value>>,
    /// JSON schema of the structured answer.
    pub output: Arc<Map<String, Value>>,
}

/// A call that has been understood; nothing has been sent.
pub struct Prepared {
    facts: Facts,
    run: Run,
    brief: Option<Brief>,
}

/// What the gate decides on.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The tool that is called.
    pub tool: &'static str,
    /// What it does, in a person's words.
    pub effect: &'static str,
    /// How much harm it can do.
    pub risk: Risk,
    /// The chats that the call reaches.
    pub touches: Touches,
    /// The arguments after parsing, in the order of the schema.
    pub arguments: Arc<Value>,
    /// Digest of tool and arguments.
    pub digest: Digest,
}

/// SHA-256 of a tool's name and its parsed arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digest([u8; 32]);

impl Digest {
    fn of(tool: &str, arguments: &Value) -> Self {
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
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A call that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadCall {
    /// There is no tool of this name here.
    UnknownTool {
        /// The name that was called, escaped and cut.
        name: Foreign,
        /// A tool that is written like it.
        nearest: Option<&'static str>,
    },
    /// An argument is missing, unknown or wrong.
    BadArguments {
        /// The tool that was called.
        tool: &'static str,
        /// Which argument, and what would be right.
        problem: String,
    },
}

/// What a call came to.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The answer as structured content, an object.
    pub structured: Value,
    /// The same, short, for a reader.
    pub text: String,
    /// Pictures that belong to it.
    pub images: Vec<Image>,
    /// Whether the effect is not known to have happened.
    pub failed: bool,
}

/// What a person needs to know before deciding.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Briefing {
    /// What would be done to what, for example a group's name.
    pub subject: Option<Foreign>,
    /// Further facts, one short sentence each, in this program's own words.
    pub facts: Vec<String>,
}

impl Prepared {
    /// What the gate decides on.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The briefing of this call, to be run under a permit of its own.
    pub(crate) fn take_brief(&mut self) -> Option<Brief> {
        self.brief.take()
    }
}

impl Toolset {
    /// Starts the list of a back end's tools.
    pub fn for_backend<B: Clone + Send + Sync + 'static>(backend: &B) -> Builder<B, ()> {
        Builder {
            backend: backend.clone(),
            tools: BTreeMap::new(),
            last: None,
            notice: None,
            operation: PhantomData,
        }
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
            Some(tool) => (tool.prepare)(Value::Object(arguments)),
            None => Err(BadCall::UnknownTool {
                name: Foreign::new(name),
                nearest: nearest(name, self.tools.keys().copied()),
            }),
        }
    }

    /// Runs a call that the gate has let through.
    ///
    /// # Errors
    /// The back end's [`Fault`].
    pub async fn run(&self, permitted: Permitted, progress: Progress) -> Result<Answer, Fault> {
        progress.still_wanted()?;
        (permitted.into_prepared().run)(progress).await
    }

    /// Looks up what a person needs to know before deciding.
    ///
    /// # Errors
    /// The back end's [`Fault`].
    pub async fn brief(&self, permit: BriefPermit) -> Result<Briefing, Fault> {
        permit.into_brief()().await
    }
}

impl Tool {
    /// The tool's description and schemas, made when they are first asked for.
    pub fn schemas(&self) -> &Schemas {
        self.schemas.get_or_init(self.make_schemas)
    }
}

/// The name that is written most like `name`, if any is near.
pub fn nearest<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // Longer input cannot be a slip of the pen, and the comparison is quadratic.
    if name.len() > 100 {
        return None;
    }
    names
        .map(|known| (strsim::damerau_levenshtein(name, known), known))
        .filter(|(distance, known)| *distance <= known.len().max(3) / 3)
        .min()
        .map(|(_, known)| known)
}

type RunOf<B, O> = Arc<dyn Fn(B, O, Progress) -> Boxed<Result<Answer, Fault>> + Send + Sync>;

/// Collects a back end's tools; `O` is the operation that was listed last.
pub struct Builder<B, O> {
    backend: B,
    tools: BTreeMap<&'static str, Tool>,
    last: Option<Tool>,
    notice: Option<&'static str>,
    operation: PhantomData<fn(O)>,
}

impl<B: Clone + Send + Sync + 'static, P> Builder<B, P> {
    /// Lists a method that reads.
    #[must_use]
    pub fn tool<O, F, Fut>(self, method: F) -> Builder<B, O>
    where
        O: Operation,
        F: Fn(B, O) -> Fut + Copy + Send + Sync + 'static,
        Fut: Future<Output = Result<O::Output, Fault>> + Send + 'static,
    {
        self.slow_tool(move |backend, op, _progress| method(backend, op))
    }

    /// Lists a method that waits or changes something.
    #[must_use]
    pub fn slow_tool<O, F, Fut>(self, method: F) -> Builder<B, O>
    where
        O: Operation,
        F: Fn(B, O, Progress) -> Fut + Copy + Send + Sync + 'static,
        Fut: Future<Output = Result<O::Output, Fault>> + Send + 'static,
    {
        let run: RunOf<B, O> = Arc::new(move |backend, op, progress| {
            let running = method(backend, op, progress);
            Box::pin(async move { running.await.and_then(answer) })
        });
        self.list(run)
    }

    /// Says something first in every answer.
    #[must_use]
    pub fn notice(mut self, notice: Option<&'static str>) -> Self {
        self.notice = notice;
        self
    }

    /// The finished list.
    pub fn build(self) -> Toolset {
        let notice = self.notice;
        let mut tools = self.tools;
        tools.extend(self.last.map(|tool| (tool.name, tool)));
        Toolset { tools, notice }
    }

    fn list<O: Operation>(self, run: RunOf<B, O>) -> Builder<B, O> {
        let mut tools = self.tools;
        tools.extend(self.last.map(|tool| (tool.name, tool)));
        debug_assert!(!tools.contains_key(O::NAME), "{} is listed twice", O::NAME);
        let backend = self.backend.clone();
        let prepare = move |arguments| prepare(&backend, &run, arguments);
        Builder {
            backend: self.backend,
            tools,
            last: Some(Tool {
                name: O::NAME,
                risk: O::RISK,
                idempotent: O::IDEMPOTENT,
                make_schemas: schemas::<O>,
                schemas: OnceLock::new(),
                prepare: Box::new(prepare),
            }),
            notice: self.notice,
            operation: PhantomData,
        }
    }
}

impl<B: Clone + Send + Sync + 'static, O: Operation> Builder<B, O> {
    /// Adds what a person needs to know before the operation listed last is done.
    #[must_use]
    pub fn briefed_by<F, Fut>(mut self, method: F) -> Self
    where
        F: Fn(B, O) -> Fut + Copy + Send + Sync + 'static,
        Fut: Future<Output = Result<Briefing, Fault>> + Send + 'static,
    {
        self.last = self.last.map(|tool| {
            let (backend, unbriefed) = (self.backend.clone(), tool.prepare);
            Tool {
                prepare: Box::new(move |arguments| {
                    let mut prepared = unbriefed(arguments)?;
                    let op = read::<O>(&prepared.facts.arguments)?;
                    let backend = backend.clone();
                    prepared.brief = Some(Box::new(move || Box::pin(method(backend, op))));
                    Ok(prepared)
                }),
                ..tool
            }
        });
        self
    }
}

fn prepare<B: Clone + Send + 'static, O: Operation>(
    backend: &B,
    run: &RunOf<B, O>,
    arguments: Value,
) -> Result<Prepared, BadCall> {
    let op = read::<O>(&arguments)?;
    let canonical = serde_json::to_value(&op).map_err(|error| bad_arguments::<O>(&error))?;
    let facts = Facts {
        tool: O::NAME,
        effect: O::EFFECT,
        risk: O::RISK,
        touches: op.touches(),
        digest: Digest::of(O::NAME, &canonical),
        arguments: Arc::new(canonical),
    };
    let (backend, run) = (backend.clone(), run.clone());
    Ok(Prepared {
        facts,
        run: Box::new(move |progress| run(backend, op, progress)),
        brief: None,
    })
}

fn read<O: Operation>(arguments: &Value) -> Result<O, BadCall> {
    serde_path_to_error::deserialize(arguments).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        match path.as_str() {
            "." => bad_arguments::<O>(&inner),
            argument => bad_arguments::<O>(&format_args!("`{argument}`: {inner}")),
        }
    })
}

fn bad_arguments<O: Operation>(problem: &dyn fmt::Display) -> BadCall {
    BadCall::BadArguments {
        tool: O::NAME,
        problem: Foreign::new(&problem.to_string()).to_string(),
    }
}

fn answer<T: Output>(output: T) -> Result<Answer, Fault> {
    let structured = serde_json::to_value(&output).map_err(|error| Fault::internal(&error))?;
    Ok(Answer {
        structured,
        text: output.text(),
        images: output.images(),
        failed: output.failed(),
    })
}

/// The schemas of an operation, without what a model has no use for.
fn schemas<O: Operation>() -> Schemas {
    let mut input = schema::<O>();
    let description = match input.remove("description") {
        Some(Value::String(text)) => text.replace('\n', " "),
        _ => String::new(),
    };
    let mut output = schema::<O::Output>();
    output.remove("description");
    if let Some(Value::Object(fields)) = output.get_mut("properties") {
        fields.insert("notice".into(), json!({ "type": "string" }));
        fields.insert("error".into(), json!({ "type": "object" }));
    }
    // Some clients hold errors against this schema too.
    if let Some(required) = output.remove("required") {
        let either = json!([{ "required": required }, { "required": ["error"] }]);
        output.insert("anyOf".into(), either);
    }
    Schemas {
        description,
        input: Arc::new(input),
        output: Arc::new(output),
    }
}

fn schema<T: schemars::JsonSchema>() -> Map<String, Value> {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.meta_schema = None;
        settings.inline_subschemas = true;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    schema.remove("title");
    match schema.to_value() {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

//! From the documents of a policy to a `Policy`, or to all that is wrong with them.

mod accounts;
mod cases;
mod chats;
mod examples;
mod grants;
mod keys;
mod layer;
mod lint;
mod media;
mod oauth;
mod reader;
mod rule;
mod sections;
mod selection;

use std::{collections::BTreeMap, num::NonZeroU32, time::Duration};

use super::{
    Accounts, Action, Code, Confirmation, Diagnostic, Diagnostics, Effect, Health, LONG, Mode,
    Policy, Reason, RuleLocation,
    document::{Node, NodeValue},
    source::{SourceFile, version},
};
use crate::config::BackendSpecs;
pub(super) use cases::cases;
use examples::Example;
use grants::ParsedGrant;
pub use keys::keys;
pub use keys::schema;
use keys::{FILE, Key, LAYER};
use layer::ParsedLayer;
use oauth::ParsedOAuth;
pub(crate) use reader::read_duration;
use reader::{Common, Fields, Reader};
use sections::{ParsedConfirmation, ParsedMode};

/// What one file says.
#[derive(Default)]
struct ParsedFile {
    layer: ParsedLayer,
    confirmation: ParsedConfirmation,
    health: Option<Health>,
    mode: ParsedMode,
    grants: Vec<ParsedGrant>,
    oauth: Option<ParsedOAuth>,
}

/// Makes one policy of its files, the first of which includes the others. With `in_force`,
/// the policy has to have exactly these accounts.
pub(super) fn check(
    mut sources: Vec<SourceFile>,
    backends: BackendSpecs,
    in_force: Option<&Accounts>,
) -> Result<Policy, Diagnostics> {
    let mut common = Common {
        backends,
        ..Common::default()
    };
    each(&mut sources, &mut common, |reader, root, index| {
        if let Some(lists) = root.get("lists") {
            reader.lists(lists);
        }
        if let Some(accounts) = root.get("accounts") {
            reader.accounts(accounts, index == 0);
        }
        if index == 0 {
            reader.common.asks = enables_confirmation(root);
        }
    });
    if let (Some(first), Some(in_force)) = (sources.first_mut(), in_force) {
        accounts::check_unchanged(first, &common.accounts, in_force);
    }
    let files = each(&mut sources, &mut common, |reader, root, index| {
        reader.file(root, index == 0)
    });
    each(&mut sources, &mut common, |reader, root, _| {
        if let Some(lists) = root.get("lists") {
            reader.unused_lists(lists);
        }
    });
    // A file with wrong syntax is in no list of parsed files.
    if sources.len() == files.len() {
        let mut problems = accounts::grants_without(&files, &common.accounts);
        problems.extend(oauth::unused(&files));
        if matches!(floor(&files), (Effect::Hidden(_), _)) {
            problems.extend(lint::hidden_tools(&files));
        }
        add(&mut sources, problems);
    }
    let (policy, examples) = compose(&sources, common, files);
    if !sources.iter().any(SourceFile::has_errors) {
        add(&mut sources, policy.failing(&examples));
    }
    let mut found = Diagnostics::default();
    for source in sources {
        let shown = source.masked_text();
        found.add(&source.origin, &shown, source.problems);
    }
    if found.has_errors() {
        return Err(found);
    }
    Ok(Policy {
        warnings: found,
        ..policy
    })
}

/// Whether a file enables confirmation.
fn enables_confirmation(root: &Node) -> bool {
    let confirmation = root.get("confirmation");
    let enabled = confirmation.and_then(|node| node.get("enabled"));
    enabled.is_some_and(|node| matches!(node.value, NodeValue::Boolean(true)))
}

/// Adds diagnostics to the files of these indexes.
fn add(sources: &mut [SourceFile], problems: Vec<(usize, Diagnostic)>) {
    for (index, problem) in problems {
        if let Some(source) = sources.get_mut(index) {
            source.problems.push(problem);
        }
    }
}

/// Reads each file whose syntax is right.
fn each<T>(
    sources: &mut [SourceFile],
    common: &mut Common,
    mut read: impl FnMut(&mut Reader<'_>, &Node, usize) -> T,
) -> Vec<T> {
    let files = sources.iter_mut().enumerate();
    let results = files.filter_map(|(index, source)| {
        Reader::read(source, common, |reader, root| read(reader, root, index))
    });
    results.collect()
}

impl Reader<'_> {
    fn file(&mut self, root: &Node, first: bool) -> ParsedFile {
        let keys: Vec<Key> = FILE.into_iter().chain(LAYER).collect();
        let Some(fields) = self.table(root, &keys) else {
            return ParsedFile::default();
        };
        self.version(&fields, root);
        if let Some(node) = fields.get("include") {
            for item in self.list(node, "a list of files") {
                self.text(item);
            }
        }
        let confirmation = fields
            .get("confirmation")
            .map(|node| self.confirmation(node));
        let confirmation = confirmation.unwrap_or_default();
        let offers = match &confirmation.enabled {
            Some((true, place)) => Some(place),
            _ => None,
        };
        // An included file only adds to the first one, so it has no default of its own.
        let unsaid = first.then_some(Action::Deny);
        let layer = self.layer(&fields, unsaid, offers);
        let grants = fields.get("grants").map(|node| self.grants(node, &layer));
        ParsedFile {
            layer,
            health: fields.get("health").and_then(|node| self.health(node)),
            mode: fields
                .get("mode")
                .map(|node| self.mode(node))
                .unwrap_or_default(),
            grants: grants.unwrap_or_default(),
            oauth: fields.get("oauth").and_then(|node| self.oauth(node)),
            confirmation,
        }
    }

    fn version(&mut self, fields: &Fields<'_>, root: &Node) {
        let hint = "write version = \"1\"";
        match fields.get("version").map(|node| (&node.value, *node)) {
            Some((NodeValue::Integer(1), _)) => {}
            Some((NodeValue::Text(version), _)) if version == "1" => {}
            Some((_, node)) => {
                let message = format!("version must be \"1\", got {}", node.shown());
                self.wrong(&node.span, "unknown-version", &message, hint);
            }
            None => {
                let start = root.span.start..root.span.start;
                self.wrong(&start, "missing-key", "the file needs `version`", hint);
            }
        }
    }
}

/// Combines the files by strictest-wins; also returns the examples, each with the index of
/// its file.
fn compose(
    sources: &[SourceFile],
    common: Common,
    files: Vec<ParsedFile>,
) -> (Policy, Vec<(usize, Example)>) {
    let paths = sources.iter().filter_map(|file| file.path.clone());
    let first = sources.first();
    let mut policy = Policy {
        origin: first.map(|first| first.origin.clone()).unwrap_or_default(),
        version: version(sources),
        files: paths.collect(),
        confirmation: confirmation(&files),
        health: Vec::new(),
        mode: mode(&files),
        limits: common.limits,
        accounts: common.accounts,
        warnings: Diagnostics::default(),
        layers: Vec::new(),
        grants: BTreeMap::new(),
        oauth: None,
        samples: Vec::new(),
        floor: floor(&files),
    };
    let mut examples = Vec::new();
    for (index, file) in files.into_iter().enumerate() {
        policy.health.extend(file.health);
        policy.layers.push(file.layer.layer);
        policy.oauth = policy.oauth.or(file.oauth.map(|(oauth, _)| oauth));
        examples.extend(file.layer.examples.into_iter().map(|one| (index, one)));
        for parsed in file.grants {
            let own = parsed.layer.examples.into_iter();
            examples.extend(own.map(|one| (index, one.for_grant(&parsed.name))));
            let grant = policy.grants.entry(parsed.name).or_default();
            grant.layers.push(parsed.layer.layer);
            grant.tokens.extend(parsed.token);
            grant.scopes.extend(parsed.scopes);
            if let Some(accounts) = parsed.accounts {
                grant.restrict_accounts(accounts);
            }
        }
    }
    let calls = examples.iter().flat_map(|(_, example)| example.calls());
    policy.samples = calls.cloned().collect();
    (policy, examples)
}

/// Nobody reads a question and answers it in less than this, by default.
const MIN_ANSWER_TIME: Duration = Duration::from_millis(400);

/// The first file's settings or their defaults, where no other file is stricter.
fn confirmation(files: &[ParsedFile]) -> Confirmation {
    let settings = || files.iter().map(|file| &file.confirmation).enumerate();
    let usual = (
        NonZeroU32::MIN.saturating_add(19),
        LONG,
        RuleLocation::from("confirmation.prompts"),
    );
    let (prompt_max, prompt_window, prompt_rule) = settings()
        .filter_map(|(index, file)| match &file.prompts {
            None if index == 0 => Some(usual.clone()),
            prompts => prompts.clone(),
        })
        .reduce(|kept, next| {
            // How many one of them allows in the time of the other.
            let many = |one: &(NonZeroU32, Duration, RuleLocation), time: Duration| {
                u128::from(one.0.get()) * time.as_nanos()
            };
            let place = if many(&next, kept.1) < many(&kept, next.1) {
                next.2.clone()
            } else {
                kept.2.clone()
            };
            // Only the smaller number in the longer time keeps both.
            (kept.0.min(next.0), kept.1.max(next.1), place)
        })
        .unwrap_or(usual);
    let five_minutes = Duration::from_secs(300);
    let expires = settings().filter_map(|(index, file)| {
        let unsaid = (index == 0).then_some(five_minutes);
        file.expires.or(unsaid)
    });
    let min_answer_time = settings().filter_map(|(index, file)| {
        let unsaid = (index == 0).then_some(MIN_ANSWER_TIME);
        file.min_answer_time.or(unsaid)
    });
    Confirmation {
        min_answer_time: min_answer_time.max().unwrap_or(MIN_ANSWER_TIME),
        enabled: matches!(floor(files).0, Effect::Confirm(_)),
        expires: expires.min().unwrap_or(five_minutes),
        prompt_max,
        prompt_window,
        prompt_rule,
    }
}

/// The least strict effect of irreversible tools, which no rule lowers: `Confirm` if the
/// first file enables confirmation and no other disables it, else `Hidden`.
fn floor(files: &[ParsedFile]) -> (Effect, Option<RuleLocation>) {
    let enabled = || files.iter().map(|file| file.confirmation.enabled.as_ref());
    let off = enabled().flatten().find(|(enabled, _)| !enabled);
    match off.or_else(|| enabled().next().flatten()) {
        Some((true, place)) => {
            let reason = Reason::new(Code::CannotAsk, Some(place.clone()));
            (Effect::Confirm(reason), Some(place.clone()))
        }
        other => {
            let place = other.map(|(_, place)| place.clone());
            let reason = Reason::new(Code::ConfirmationOff, place.clone());
            (Effect::Hidden(reason), place)
        }
    }
}

/// A policy is in shadow mode if its first file says so and no other says "enforce".
fn mode(files: &[ParsedFile]) -> Mode {
    let all = || files.iter().filter_map(|file| file.mode.value.as_ref());
    let first = files.first().and_then(|file| file.mode.value.as_ref());
    Mode {
        shadow: first
            .filter(|_| all().all(|(word, _)| *word == "shadow"))
            .map(|(_, place)| place.clone()),
        read_only: files.iter().find_map(|file| file.mode.read_only.clone()),
    }
}

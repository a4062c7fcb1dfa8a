//! From policies as written to a policy that can be used, or to all that is wrong.

mod accounts;
mod cases;
mod examples;
mod grants;
mod keys;
mod layer;
mod oauth;
mod people;
mod reader;
mod rule;
mod terms;
mod vain;

use std::{collections::BTreeMap, num::NonZeroU32, time::Duration};

use super::{
    Accounts, Confirmation, Diagnostics, Effect, Health, Mode, Policy, Reason, RuleLocation,
    layer::Action,
    limit::LONG,
    raw::{Key, Node, Raw},
    source::{Source, version},
};
use crate::{config::BackendSpecs, policy::Code};
pub(super) use cases::cases;
use examples::Example;
use grants::DraftedGrant;
pub use keys::keys;
use keys::{FILE, SHEET};
use layer::Drafted;
use oauth::DraftedOAuth;
use reader::{Common, Fields, Reader};
use terms::{Asking, Moding};

/// What one file says.
#[derive(Default)]
struct Draft {
    layer: Drafted,
    asking: Asking,
    health: Option<Health>,
    mode: Moding,
    grants: Vec<DraftedGrant>,
    oauth: Option<DraftedOAuth>,
}

/// Makes one policy of its files, the first of which includes the others; where there
/// are accounts that it is for, it has to name the same.
pub(super) fn check(
    mut sources: Vec<Source>,
    backends: BackendSpecs,
    in_force: Option<&Accounts>,
) -> Result<Policy, Diagnostics> {
    let mut common = Common {
        backends,
        ..Common::default()
    };
    each(&mut sources, &mut common, |reader, root, index| {
        if let Some((_, lists)) = child(root, "lists") {
            reader.lists(lists);
        }
        if let Some((key, accounts)) = child(root, "accounts") {
            reader.accounts(&key.span, accounts, index == 0);
        }
    });
    if let (Some(first), Some(in_force)) = (sources.first_mut(), in_force) {
        accounts::unlike(first, &common.accounts, in_force);
    }
    let mut drafts = Vec::new();
    each(&mut sources, &mut common, |reader, root, index| {
        drafts.push(reader.file(root, index == 0));
    });
    each(&mut sources, &mut common, |reader, root, _| {
        if let Some((_, lists)) = child(root, "lists") {
            reader.unused_lists(lists);
        }
    });
    accounts::untied(&mut sources, &drafts, &common.accounts);
    let offered = matches!(floor(&drafts), (Effect::Confirm(_), _));
    // Where a file cannot be parsed it has no draft.
    if !offered && sources.len() == drafts.len() {
        for (source, draft) in sources.iter_mut().zip(&drafts) {
            source.problems.extend(vain::unoffered(draft));
        }
    }
    if sources.len() == drafts.len() {
        for (index, problem) in oauth::unmet(&drafts) {
            if let Some(source) = sources.get_mut(index) {
                source.problems.push(problem);
            }
        }
    }
    let (policy, examples) = compose(&sources, common, drafts);
    if !sources.iter().any(Source::is_wrong) {
        for (index, problem) in policy.tried(&examples) {
            if let Some(source) = sources.get_mut(index) {
                source.problems.push(problem);
            }
        }
    }
    let mut found = Diagnostics::default();
    for source in sources {
        let shown = source.shown();
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

/// Reads each file that could be parsed.
fn each(
    sources: &mut [Source],
    common: &mut Common,
    mut read: impl FnMut(&mut Reader<'_>, &Node, usize),
) {
    for (index, source) in sources.iter_mut().enumerate() {
        let Some(root) = &source.root else { continue };
        let mut reader = Reader {
            origin: &source.origin,
            text: &source.text,
            found: Vec::new(),
            covered: Vec::new(),
            common,
            // Counters of files that are included are their own.
            prefix: if index == 0 {
                String::new()
            } else {
                format!("include {index}: ")
            },
        };
        read(&mut reader, root, index);
        let (mut found, mut covered) = (reader.found, reader.covered);
        source.problems.append(&mut found);
        source.covered.append(&mut covered);
    }
}

fn child<'n>(root: &'n Node, name: &str) -> Option<&'n (Key, Node)> {
    let Raw::Table(entries) = &root.value else {
        return None;
    };
    entries.iter().find(|(key, _)| key.name == name)
}

impl Reader<'_> {
    fn file(&mut self, root: &Node, first: bool) -> Draft {
        let keys: Vec<&'static str> = FILE.into_iter().chain(SHEET).collect();
        let Some(fields) = self.table(root, "a policy", &keys) else {
            return Draft::default();
        };
        self.version(&fields, root);
        if let Some((_, node)) = fields.get("include") {
            for item in self.list(node, "a list of files") {
                self.text(item);
            }
        }
        let asking = match fields.get("confirmation") {
            Some((_, node)) => self.confirmation(node),
            None => Asking::default(),
        };
        let offers = match &asking.enabled {
            Some((true, place)) => Some(place),
            _ => None,
        };
        // A file that is included has a say only where it says something.
        let unsaid = first.then_some(Action::Deny);
        let layer = self.layer(&fields, unsaid, offers);
        let grants = match fields.get("grants") {
            Some((_, node)) => self.grants(node, &layer),
            None => Vec::new(),
        };
        Draft {
            layer,
            health: fields
                .get("health")
                .and_then(|(key, node)| self.health(&key.span, node)),
            mode: match fields.get("mode") {
                Some((_, node)) => self.mode(node),
                None => Moding::default(),
            },
            grants,
            oauth: fields
                .get("oauth")
                .and_then(|(key, node)| self.oauth(key, node)),
            asking,
        }
    }

    fn version(&mut self, top: &Fields<'_>, root: &Node) {
        match top
            .get("version")
            .map(|(_, node)| (&node.value, &node.span))
        {
            Some((Raw::Integer(1), _)) => {}
            Some((Raw::Text(version), _)) if version == "1" => {}
            Some((_, span)) => self.wrong(
                span,
                "unknown-version",
                "this version of the policy format is not known",
                "write version = \"1\"",
            ),
            None => self.wrong(
                &(root.span.start..root.span.start),
                "missing-key",
                "`version` is missing",
                "write version = \"1\"",
            ),
        }
    }
}

/// The strictest of what all files say, and the examples with the files they are in.
fn compose(
    sources: &[Source],
    common: Common,
    drafts: Vec<Draft>,
) -> (Policy, Vec<(usize, Example)>) {
    let first = sources.first();
    let mut policy = Policy {
        origin: first.map(|first| first.origin.clone()).unwrap_or_default(),
        version: version(sources),
        files: sources
            .iter()
            .filter_map(|file| file.path.clone())
            .collect(),
        confirmation: confirmation(&drafts),
        health: Vec::new(),
        mode: mode(&drafts),
        limits: common.limits,
        accounts: common.accounts,
        warnings: Diagnostics::default(),
        layers: Vec::new(),
        grants: BTreeMap::new(),
        oauth: drafts
            .iter()
            .find_map(|draft| Some(draft.oauth.as_ref()?.0.clone())),
        samples: Vec::new(),
        floor: floor(&drafts),
    };
    let mut examples = Vec::new();
    for (index, draft) in drafts.into_iter().enumerate() {
        policy.health.extend(draft.health);
        policy.layers.push(draft.layer.layer);
        examples.extend(draft.layer.examples.into_iter().map(|one| (index, one)));
        for drafted in draft.grants {
            let theirs = drafted.layer.examples.into_iter();
            examples.extend(theirs.map(|one| (index, one.for_grant(&drafted.name))));
            let grant = policy.grants.entry(drafted.name).or_default();
            grant.layers.push(drafted.layer.layer);
            grant.tokens.extend(drafted.token);
            grant.scopes.extend(drafted.scopes);
            if let Some(accounts) = drafted.accounts {
                grant.tie(accounts);
            }
        }
    }
    policy.samples = examples
        .iter()
        .flat_map(|(_, example)| example.calls().iter().cloned())
        .collect();
    (policy, examples)
}

/// What the first file says or leaves at its default, as far as no other is stricter.
fn confirmation(drafts: &[Draft]) -> Confirmation {
    let asking = || drafts.iter().map(|draft| &draft.asking);
    let usual = (
        NonZeroU32::MIN.saturating_add(19),
        LONG,
        RuleLocation::from("confirmation.prompts"),
    );
    let (prompt_max, prompt_window, prompt_rule) = asking()
        .enumerate()
        .filter_map(|(index, asking)| match &asking.prompts {
            None if index == 0 => Some(usual.clone()),
            said => said.clone(),
        })
        .reduce(|kept, next| {
            // How many the one would ask in the other's time.
            let many = |one: &(NonZeroU32, Duration, RuleLocation), time: Duration| {
                u128::from(one.0.get()) * time.as_nanos()
            };
            let place = if many(&next, kept.1) < many(&kept, next.1) {
                next.2.clone()
            } else {
                kept.2.clone()
            };
            // As few in as long a time: neither of them alone would be kept otherwise.
            (kept.0.min(next.0), kept.1.max(next.1), place)
        })
        .unwrap_or(usual);
    let expires = asking().enumerate().filter_map(|(index, asking)| {
        let unsaid = (index == 0).then_some(Duration::from_secs(300));
        asking.expires.or(unsaid)
    });
    Confirmation {
        enabled: matches!(floor(drafts).0, Effect::Confirm(_)),
        expires: expires.min().unwrap_or(Duration::from_secs(300)),
        prompt_max,
        prompt_window,
        prompt_rule,
    }
}

/// What holds of tools that cannot be undone; no rule lowers it, and no file that is
/// included.
fn floor(drafts: &[Draft]) -> (Effect, Option<RuleLocation>) {
    let said = || {
        let all = drafts.iter().map(|draft| draft.asking.enabled.as_ref());
        all.map(|said| said.map(|(enabled, place)| (*enabled, place.clone())))
    };
    let off = said().flatten().find(|(enabled, _)| !enabled);
    match off.or_else(|| said().next().flatten()) {
        Some((true, place)) => {
            let because = Reason::new(Code::CannotAsk, Some(place.clone()));
            (Effect::Confirm(because), Some(place))
        }
        other => {
            let place = other.map(|(_, place)| place);
            let because = Reason::new(Code::ConfirmationOff, place.clone());
            (Effect::Hidden(because), place)
        }
    }
}

/// A policy is in the shadow when its first file says so and none says otherwise.
fn mode(drafts: &[Draft]) -> Mode {
    let said = || drafts.iter().filter_map(|draft| draft.mode.value.as_ref());
    let first = drafts.first().and_then(|draft| draft.mode.value.as_ref());
    Mode {
        shadow: first
            .filter(|_| said().all(|(word, _)| *word == "shadow"))
            .map(|(_, place)| place.clone()),
        read_only: drafts.iter().find_map(|draft| draft.mode.read_only.clone()),
    }
}

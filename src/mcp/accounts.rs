//! Several accounts behind one server: which of them a caller reaches, and which a call is for.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use rmcp::model::Tool;
use serde_json::{Map, Value, json};

use super::{Server, answer};
use crate::{
    gate::{Caller, Gate, Refusal},
    op::{BadCall, Untrusted},
    policy::{Diagnostics, Policy},
    text::nearest,
    toolset::{self, Arguments, Toolset},
};

/// The argument that names an account.
pub(super) const ACCOUNT: &str = "account";

/// The most schemas that are kept.
const MOST_SCHEMAS: usize = 4096;

/// An account: what can be done on it, and who decides on that.
pub struct Account {
    pub(super) tools: Toolset,
    pub(super) gate: Arc<Gate>,
}

/// The argument schemas of tools for callers of several accounts, by the accounts.
#[derive(Default)]
pub(super) struct Inputs(Mutex<HashMap<(&'static str, Vec<String>), Schema>>);

type Schema = Arc<Map<String, Value>>;

/// Why a call is for no account.
pub(super) enum Misrouted {
    Bad(BadCall),
    Refused(Refusal),
}

/// A tool with the accounts that offer it.
type Offered<'a> = (&'a toolset::Tool, Vec<&'a str>);

impl Account {
    /// An account with these tools, named as its gate says.
    pub fn new(tools: Toolset, gate: Gate) -> Self {
        Self {
            tools,
            gate: Arc::new(gate),
        }
    }

    /// What it is called; nothing for one that is alone.
    pub(super) fn name(&self) -> &str {
        self.gate.account().unwrap_or_default()
    }

    /// Whether its back end and its ledger answer.
    pub(super) async fn ready(self: Arc<Self>) -> Result<(), String> {
        let of = match self.gate.account() {
            Some(name) => format!(" of account `{name}`"),
            None => String::new(),
        };
        if let Err(error) = self.gate.check_ledger().await {
            // The path is for the operator; whoever asks here gets the kind.
            tracing::warn!(%error, "the ledger cannot be used");
            return Err(format!("the ledger{of} cannot be used ({})", error.code()));
        }
        let found = self.tools.resolve(self.gate.readiness()).await;
        if found.states.is_empty() {
            Err(format!("the back end{of} does not answer"))
        } else {
            Ok(())
        }
    }
}

impl Inputs {
    /// A tool's schema with the accounts that it takes.
    fn of(&self, tool: &toolset::Tool, accounts: &[&str]) -> Schema {
        let names: Vec<String> = accounts.iter().map(|name| (*name).to_owned()).collect();
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() > MOST_SCHEMAS {
            kept.clear();
        }
        let key = (tool.name, names);
        if let Some(schema) = kept.get(&key) {
            return schema.clone();
        }
        let schema = Arc::new(with_account(&tool.schemas().input, accounts));
        kept.insert(key, schema.clone());
        schema
    }
}

/// A schema with one argument more, which has to be there.
fn with_account(schema: &Map<String, Value>, accounts: &[&str]) -> Map<String, Value> {
    let mut schema = schema.clone();
    let argument = json!({ "type": "string", "enum": accounts });
    let properties = schema.entry("properties").or_insert_with(|| json!({}));
    if let Value::Object(properties) = properties {
        properties.insert(ACCOUNT.to_owned(), argument);
    }
    let required = schema.entry("required").or_insert_with(|| json!([]));
    if let Value::Array(required) = required {
        required.insert(0, ACCOUNT.into());
    }
    schema
}

impl Server {
    /// Checks that the back end of each account can tell whom a policy denies.
    ///
    /// # Errors
    /// With what is wrong in the policy.
    pub fn check_policy(&self, policy: &Policy) -> Result<(), Diagnostics> {
        self.accounts()
            .try_for_each(|account| policy.check_denied(|person| account.tools.resolves(person)))
    }

    /// All accounts, at least one.
    pub(super) fn accounts(&self) -> impl Iterator<Item = &Arc<Account>> {
        std::iter::once(&self.0.first).chain(&self.0.others)
    }

    /// The accounts that a caller may use.
    pub(super) fn reach(&self, grant: &str) -> Vec<&Arc<Account>> {
        if self.0.first.gate.account().is_none() && self.0.others.is_empty() {
            return vec![&self.0.first];
        }
        let policy = self.policy();
        let may = |account: &&Arc<Account>| match account.gate.account() {
            Some(name) => policy.may_use(grant, name),
            None => true,
        };
        self.accounts().filter(may).collect()
    }

    /// What has to be said first of all that is not about one of several accounts.
    pub(super) fn notice(&self, caller: &Caller) -> Option<&'static str> {
        match self.reach(&caller.grant).as_slice() {
            [account] => account.tools.notice(),
            _ => None,
        }
    }

    /// Whether an account shows a tool to this caller.
    fn shows(account: &Account, tool: &str, caller: &Caller) -> bool {
        let found = account.tools.get(tool);
        found.is_some_and(|tool| account.gate.lists(tool.name, tool.risk, caller))
    }

    /// The accounts that show this caller a tool.
    pub(super) fn offering(&self, tool: &str, caller: &Caller) -> Vec<&Arc<Account>> {
        let mut reach = self.reach(&caller.grant);
        reach.retain(|account| Self::shows(account, tool, caller));
        reach
    }

    /// The tools that this caller is shown, ordered by name, each with its accounts.
    pub(super) fn offered(&self, caller: &Caller) -> Vec<Offered<'_>> {
        self.tools_where(caller, |gate, tool| {
            gate.lists(tool.name, tool.risk, caller)
        })
    }

    /// The tools that this caller may know of: those that it is shown, and those that are
    /// always refused but not hidden.
    pub(super) fn known(&self, caller: &Caller) -> Vec<Offered<'_>> {
        self.tools_where(caller, |gate, tool| {
            gate.admits_knowing(tool.name, tool.risk, caller)
        })
    }

    fn tools_where(
        &self,
        caller: &Caller,
        keep: impl Fn(&Gate, &toolset::Tool) -> bool,
    ) -> Vec<Offered<'_>> {
        let mut all: BTreeMap<&str, Offered<'_>> = BTreeMap::new();
        for account in self.reach(&caller.grant) {
            for tool in account.tools.tools() {
                if keep(&account.gate, tool) {
                    let (_, accounts) = all.entry(tool.name).or_insert((tool, Vec::new()));
                    accounts.push(account.name());
                }
            }
        }
        all.into_values().collect()
    }

    /// The same as clients list them.
    pub(super) fn listed(&self, caller: &Caller) -> Vec<Tool> {
        if let [account] = self.reach(&caller.grant).as_slice() {
            let tools = account.tools.tools();
            let shown = tools.filter(|tool| account.gate.lists(tool.name, tool.risk, caller));
            return shown
                .map(|tool| answer::tool(tool, tool.schemas().input.clone()))
                .collect();
        }
        let offered = self.offered(caller).into_iter();
        offered
            .map(|(tool, accounts)| answer::tool(tool, self.0.inputs.of(tool, &accounts)))
            .collect()
    }

    /// The account that a call is for; its name is taken out of the arguments. An account
    /// that the caller may not use is as if it were not there.
    pub(super) fn route(
        &self,
        caller: &Caller,
        tool: &str,
        arguments: &mut Arguments,
    ) -> Result<&Arc<Account>, Misrouted> {
        let reach = self.reach(&caller.grant);
        match reach.as_slice() {
            [account] => return Ok(account),
            [] if !self.policy().knows(&caller.grant) => {
                return Err(Misrouted::Refused(Refusal::unknown_grant(&caller.grant)));
            }
            [] => return Err(Misrouted::Refused(Refusal::no_account(&caller.grant))),
            _ => {}
        }
        let found = reach.iter().filter_map(|account| account.tools.get(tool));
        let Some(name) = found.map(|tool| tool.name).next() else {
            let tools = reach.iter().flat_map(|account| account.tools.tools());
            return Err(Misrouted::Bad(BadCall::UnknownTool {
                name: Untrusted::new(tool),
                nearest: nearest(tool, tools.map(|tool| tool.name)),
            }));
        };
        let offering = || {
            let all = reach.iter().copied();
            all.filter(|account| account.tools.get(name).is_some())
        };
        let problem = match arguments.remove(ACCOUNT) {
            Some(Value::String(given)) => match offering().find(|one| one.name() == given) {
                Some(account) => return Ok(account),
                None => format!("has no account `{}`", Untrusted::new(&given)),
            },
            Some(_) => "has to be the name of an account".to_owned(),
            None => "is missing".to_owned(),
        };
        let names: Vec<String> = offering().map(|one| format!("`{}`", one.name())).collect();
        Err(Misrouted::Bad(BadCall::BadArguments {
            tool: name,
            problem: format!("`{ACCOUNT}` {problem}; it takes {}", names.join(" or ")),
        }))
    }
}

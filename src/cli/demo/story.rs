//! The story, step by step, each with what goes over the wire.

use std::{
    fs,
    io::{self, Write},
    process::ExitCode,
};

use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::person::Person;
use crate::{
    backend::Backend,
    cli::{
        CliError,
        output::stdout,
        serve::{Kept, server},
    },
    clock::Clock,
    ledger::Ledger,
    mcp::{Answered, Client, LOCAL, Reply},
    op::GroupId,
    policy::Policy,
    toolset::Arguments,
};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const GREEN: Style = Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Green)));
const RED: Style = Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Red)));

/// The group that is left in the sandbox.
const FLATMATES: &str = "120363000000000002@g.us";

/// The built-in policy with confirmation enabled.
const CONFIRMING: (&str, &str) = ("enabled = false", "enabled = true");

pub(super) struct Story {
    backend: Backend,
    person: Person,
    group: Option<GroupId>,
    folder: TempDir,
    step: usize,
    missed: usize,
}

impl Story {
    pub(super) fn new(
        backend: Backend,
        person: Person,
        group: Option<GroupId>,
    ) -> Result<Self, CliError> {
        Ok(Self {
            backend,
            person,
            group,
            folder: TempDir::new()?,
            step: 0,
            missed: 0,
        })
    }

    pub(super) async fn play(mut self) -> Result<ExitCode, CliError> {
        let client = self.connect(Policy::built_in()?)?;
        self.tells("The tool list under the default policy")?;
        let tools = self.list(&client).await?;
        self.expect(
            !tools.iter().any(|tool| tool == "leave_group"),
            "leave_group is not there: it cannot be undone, and confirmation is off",
        )?;

        self.tells("open_session answers with a QR code")?;
        let opened = self.call(&client, "open_session", json!({})).await?;
        let linked = is(&opened, "/session/state", "working");
        self.expect(
            linked || opened.contains_key("qr"),
            if linked {
                "an account is linked already"
            } else {
                "scan it with the phone; nobody else can"
            },
        )?;
        if let Backend::Waha(waha) = &self.backend
            && let Some(sandbox) = waha.stand_in().await.map_err(failed)?
        {
            sandbox.scan();
            self.says("(the pretended phone has scanned the code)")?;
        }

        self.tells("Ten more open_session within the minute")?;
        for call in 2..=10 {
            self.quietly(&client, "open_session", call).await?;
        }
        let refused = self.call(&client, "open_session", json!({})).await?;
        self.expect(
            is(&refused, "/error/code", "rate-limited"),
            "the eleventh is refused, and says how long to wait",
        )?;
        drop(client);

        self.tells("The same with confirmation enabled")?;
        let confirming = crate::policy::DEFAULT.replace(CONFIRMING.0, CONFIRMING.1);
        let client = self.connect(Policy::from_toml("built-in policy", &confirming)?)?;
        let tools = self.list(&client).await?;
        self.expect(
            tools.iter().any(|tool| tool == "leave_group"),
            "leave_group is listed now, to a client that can ask a person",
        )?;
        let group = match (&self.backend, &self.group) {
            (_, Some(group)) => Some(group.to_string()),
            (Backend::Waha(waha), None) if waha.is_sandbox() => Some(FLATMATES.to_owned()),
            _ => None,
        };
        match group {
            Some(group) => self.leave(&client, &group).await?,
            None => self.says("(no --group: nothing is left)")?,
        }

        self.tells("The audit of all that")?;
        let audit = fs::read_to_string(self.folder.path().join("audit.jsonl"))?;
        for line in audit.lines() {
            self.says(line)?;
        }
        Ok(if self.missed == 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }

    /// Asks to leave, asks the person, looks, and tries the same approval again.
    async fn leave(&mut self, client: &Client, group: &str) -> Result<(), CliError> {
        self.tells("leave_group asks the person at the terminal")?;
        let arguments = json!({ "group": group });
        let asked = self.send(client, "leave_group", &arguments, None).await?;
        let Reply::Question { message, state } = asked else {
            self.show(&asked)?;
            return self.expect(false, "a person should have been asked");
        };
        self.says("← input_required")?;
        for line in message.lines() {
            self.says(&format!("  │ {line}"))?;
        }
        let yes = self.person.says_yes("    ").await?;
        let answered = Answered { state, yes };
        let reply = self
            .send(client, "leave_group", &arguments, Some(&answered))
            .await?;
        let result = self.show(&reply)?;
        let member = self.call(client, "list_groups", json!({})).await?;
        let listed = member
            .get("groups")
            .is_some_and(|groups| groups.to_string().contains(group));
        if yes {
            let left = is(&result, "/outcome", "left") && !listed;
            self.expect(left, "the group is left, and the membership is gone")?;
        } else {
            let kept = is(&result, "/error/code", "declined") && listed;
            self.expect(kept, "declined: the group is left alone")?;
        }

        self.tells("The same approval a second time")?;
        let reply = self
            .send(client, "leave_group", &arguments, Some(&answered))
            .await?;
        let result = self.show(&reply)?;
        self.expect(
            is(&result, "/error/code", "approval-used"),
            "one approval is for one call",
        )
    }

    fn connect(&self, policy: Policy) -> Result<Client, CliError> {
        let audit = self.folder.path().join("audit.jsonl");
        let clock = Clock::real();
        let kept = Kept {
            ledger: Ledger::in_memory(clock.clone()),
            switch: None,
            key: None,
        };
        let account = (None, self.backend.toolset(), kept);
        let server = server(vec![account], policy, Some(audit), &clock, LOCAL.to_owned())?;
        Ok(Client::connect(server, report))
    }

    async fn list(&self, client: &Client) -> Result<Vec<String>, CliError> {
        self.says("→ tools/list")?;
        let tools = client.list().await?;
        self.says(&format!("← {}", tools.join(", ")))?;
        Ok(tools)
    }

    /// A call and what it answers, shown; the structured content.
    async fn call(
        &self,
        client: &Client,
        tool: &'static str,
        arguments: Value,
    ) -> Result<Arguments, CliError> {
        let reply = self.send(client, tool, &arguments, None).await?;
        self.show(&reply)
    }

    /// A call whose answer is one word in a row of others.
    async fn quietly(
        &self,
        client: &Client,
        tool: &'static str,
        number: usize,
    ) -> Result<(), CliError> {
        let reply = client.call(tool, Arguments::new(), None).await?;
        let word = match reply {
            Reply::Result {
                is_error: false, ..
            } => "passed",
            _ => "refused",
        };
        self.says(&format!(
            "→ tools/call {tool} {{}}   ← call {number}: {word}"
        ))
    }

    async fn send(
        &self,
        client: &Client,
        tool: &'static str,
        arguments: &Value,
        answered: Option<&Answered>,
    ) -> Result<Reply, CliError> {
        let with = match answered {
            Some(Answered { yes: true, .. }) => "  + requestState, decision: yes",
            Some(Answered { yes: false, .. }) => "  + requestState, decision: no",
            None => "",
        };
        self.says(&format!("→ tools/call {tool} {arguments}{with}"))?;
        let fields = arguments.as_object().cloned().unwrap_or_default();
        Ok(client.call(tool, fields, answered).await?)
    }

    fn show(&self, reply: &Reply) -> Result<Arguments, CliError> {
        let Reply::Result {
            text,
            is_error,
            structured,
        } = reply
        else {
            self.says("← input_required")?;
            return Ok(Arguments::new());
        };
        let mark = if *is_error { "← error:" } else { "←" };
        for (index, line) in text.lines().enumerate() {
            self.says(&if index == 0 {
                format!("{mark} {line}")
            } else {
                format!("  {line}")
            })?;
        }
        Ok(structured.as_object().cloned().unwrap_or_default())
    }

    fn tells(&mut self, title: &str) -> Result<(), CliError> {
        self.step += 1;
        writeln!(stdout(), "\n{BOLD}{}. {title}{BOLD:#}", self.step)?;
        Ok(())
    }

    fn says(&self, line: &str) -> Result<(), CliError> {
        writeln!(stdout(), "   {DIM}{line}{DIM:#}")?;
        Ok(())
    }

    fn expect(&mut self, met: bool, what: &str) -> Result<(), CliError> {
        if met {
            writeln!(stdout(), "   {GREEN}✓{GREEN:#} {what}")?;
        } else {
            self.missed += 1;
            writeln!(stdout(), "   {RED}✗ not as told:{RED:#} {what}")?;
        }
        Ok(())
    }
}

/// Whether the text at a JSON pointer is this one.
fn is(fields: &Arguments, pointer: &str, wanted: &str) -> bool {
    Value::Object(fields.clone())
        .pointer(pointer)
        .and_then(Value::as_str)
        == Some(wanted)
}

fn failed(fault: crate::op::BackendError) -> CliError {
    CliError::Failed(fault.to_string())
}

fn report(message: &str) {
    // Standard error, so that the story stays whole in a file.
    let _ = writeln!(io::stderr(), "   … {message}");
}

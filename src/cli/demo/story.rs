//! The steps of the demonstration, with the messages between client and server.

use std::{fs, io::Write, process::ExitCode};

use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::person::TerminalPerson;
use crate::{
    backend::{Backend, specs},
    cli::{
        CliError,
        output::stdout,
        serve::{DurableState, server},
    },
    clock::Clock,
    ledger::Ledger,
    mcp::{Client, LOCAL, PersonAnswer, ToolReply},
    policy::Policy,
    stderr::notify,
    toolset::Arguments,
};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const GREEN: Style = Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Green)));
const RED: Style = Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Red)));

/// The changes to the built-in policy that enable confirmation. Without a terminal the
/// demo answers by itself, at once.
const CONFIRMING: [(&str, &str); 2] = [
    ("enabled = false", "enabled = true"),
    ("min_answer_ms = 400", "min_answer_ms = 0"),
];

pub(super) struct Story {
    backend: Box<dyn Backend>,
    person: TerminalPerson,
    group: Option<String>,
    folder: TempDir,
    step: usize,
    missed: usize,
}

impl Story {
    pub(super) fn new(
        backend: Box<dyn Backend>,
        person: TerminalPerson,
        group: Option<String>,
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
        let client = self.connect(Policy::built_in(specs())?)?;
        self.title("The tool list under the default policy")?;
        let tools = self.list(&client).await?;
        self.expect(
            !tools.iter().any(|tool| tool == "leave_group"),
            "leave_group is hidden: it is irreversible, and confirmation is off",
        )?;

        self.title("open_session returns a QR code")?;
        let opened = self.call(&client, "open_session", json!({})).await?;
        let linked = is(&opened, "/session/state", "working");
        self.expect(
            linked || opened.contains_key("qr"),
            if linked {
                "an account is already linked"
            } else {
                "only the phone's owner can scan it"
            },
        )?;
        if self.backend.scan() {
            self.line("(the simulated phone has scanned the code)")?;
        }

        self.title("Ten more open_session within the minute")?;
        for call in 2..=10 {
            self.quietly(&client, "open_session", call).await?;
        }
        let refused = self.call(&client, "open_session", json!({})).await?;
        self.expect(
            is(&refused, "/error/code", "rate-limited"),
            "the eleventh call is refused, with the time to wait",
        )?;
        drop(client);

        self.title("The same with confirmation enabled")?;
        let confirming = CONFIRMING
            .iter()
            .fold(crate::policy::DEFAULT.to_owned(), |policy, (old, new)| {
                policy.replace(old, new)
            });
        let client = self.connect(Policy::from_toml(specs(), "built-in policy", &confirming)?)?;
        let tools = self.list(&client).await?;
        self.expect(
            tools.iter().any(|tool| tool == "leave_group"),
            "leave_group is listed now, for a client that can ask a person",
        )?;
        match self.group.take() {
            Some(group) => self.leave(&client, &group).await?,
            None => self.line("(no --group: this step is skipped)")?,
        }

        self.title("The audit file")?;
        let audit = fs::read_to_string(self.folder.path().join("audit.jsonl"))?;
        for line in audit.lines() {
            self.line(line)?;
        }
        Ok(if self.missed == 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }

    /// Calls `leave_group`, asks the person, verifies the result, and repeats the approval.
    async fn leave(&mut self, client: &Client, group: &str) -> Result<(), CliError> {
        self.title("leave_group asks the person at the terminal")?;
        let arguments = json!({ "group": group });
        let asked = self.send(client, "leave_group", &arguments, None).await?;
        let ToolReply::Question { message, state } = asked else {
            self.show(&asked)?;
            return self.expect(false, "expected a question to the person");
        };
        self.line("← input_required")?;
        for line in message.lines() {
            self.line(&format!("  │ {line}"))?;
        }
        let yes = self.person.confirms("    ").await?;
        let answer = PersonAnswer { state, yes };
        let reply = self
            .send(client, "leave_group", &arguments, Some(&answer))
            .await?;
        let result = self.show(&reply)?;
        let member = self.call(client, "list_groups", json!({})).await?;
        let listed = member
            .get("groups")
            .is_some_and(|groups| groups.to_string().contains(group));
        if yes {
            let left = is(&result, "/outcome", "left") && !listed;
            self.expect(left, "the account has left the group")?;
        } else {
            let kept = is(&result, "/error/code", "declined") && listed;
            self.expect(kept, "declined: the account is still a member")?;
        }

        self.title("The same approval a second time")?;
        let reply = self
            .send(client, "leave_group", &arguments, Some(&answer))
            .await?;
        let result = self.show(&reply)?;
        self.expect(
            is(&result, "/error/code", "approval-used"),
            "an approval is valid for one call",
        )
    }

    fn connect(&self, policy: Policy) -> Result<Client, CliError> {
        let audit = self.folder.path().join("audit.jsonl");
        let clock = Clock::real();
        let state = DurableState {
            ledger: Ledger::in_memory(clock.clone()),
            switch: None,
            group: None,
        };
        let account = (None, self.backend.toolset(), state);
        let server = server(vec![account], policy, Some(audit), &clock, LOCAL.to_owned())?;
        Ok(Client::connect(server, report))
    }

    async fn list(&self, client: &Client) -> Result<Vec<String>, CliError> {
        self.line("→ tools/list")?;
        let tools = client.list().await?;
        self.line(&format!("← {}", tools.join(", ")))?;
        Ok(tools)
    }

    /// Calls a tool and shows the result; returns the structured content.
    async fn call(
        &self,
        client: &Client,
        tool: &'static str,
        arguments: Value,
    ) -> Result<Arguments, CliError> {
        let reply = self.send(client, tool, &arguments, None).await?;
        self.show(&reply)
    }

    /// Calls a tool and shows only whether the call was allowed.
    async fn quietly(
        &self,
        client: &Client,
        tool: &'static str,
        number: usize,
    ) -> Result<(), CliError> {
        let reply = client.call(tool, Arguments::new(), None).await?;
        let word = match reply {
            ToolReply::Result {
                is_error: false, ..
            } => "passed",
            _ => "refused",
        };
        self.line(&format!(
            "→ tools/call {tool} {{}}   ← call {number}: {word}"
        ))
    }

    async fn send(
        &self,
        client: &Client,
        tool: &'static str,
        arguments: &Value,
        answer: Option<&PersonAnswer>,
    ) -> Result<ToolReply, CliError> {
        let with = match answer {
            Some(PersonAnswer { yes: true, .. }) => "  + requestState, decision: yes",
            Some(PersonAnswer { yes: false, .. }) => "  + requestState, decision: no",
            None => "",
        };
        self.line(&format!("→ tools/call {tool} {arguments}{with}"))?;
        let fields = arguments.as_object().cloned().unwrap_or_default();
        Ok(client.call(tool, fields, answer).await?)
    }

    fn show(&self, reply: &ToolReply) -> Result<Arguments, CliError> {
        let ToolReply::Result {
            text,
            is_error,
            structured,
        } = reply
        else {
            self.line("← input_required")?;
            return Ok(Arguments::new());
        };
        let mark = if *is_error { "← error:" } else { "←" };
        for (index, line) in text.lines().enumerate() {
            self.line(&if index == 0 {
                format!("{mark} {line}")
            } else {
                format!("  {line}")
            })?;
        }
        Ok(structured.as_object().cloned().unwrap_or_default())
    }

    fn title(&mut self, title: &str) -> Result<(), CliError> {
        self.step += 1;
        writeln!(stdout(), "\n{BOLD}{}. {title}{BOLD:#}", self.step)?;
        Ok(())
    }

    fn line(&self, line: &str) -> Result<(), CliError> {
        writeln!(stdout(), "   {DIM}{line}{DIM:#}")?;
        Ok(())
    }

    fn expect(&mut self, met: bool, what: &str) -> Result<(), CliError> {
        if met {
            writeln!(stdout(), "   {GREEN}✓{GREEN:#} {what}")?;
        } else {
            self.missed += 1;
            writeln!(stdout(), "   {RED}✗ unexpected:{RED:#} {what}")?;
        }
        Ok(())
    }
}

/// Whether the text at a JSON pointer equals `wanted`.
fn is(fields: &Arguments, pointer: &str, wanted: &str) -> bool {
    Value::Object(fields.clone())
        .pointer(pointer)
        .and_then(Value::as_str)
        == Some(wanted)
}

fn report(message: &str) {
    notify(format!("   … {message}"));
}

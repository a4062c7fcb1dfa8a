//! The life of a call: understood, judged, asked about, run, answered.

use std::sync::Arc;

use rmcp::{
    ErrorData, RoleServer,
    model::{
        ClientCapabilities, ElicitationCapability, ErrorCode, FormElicitationCapability,
        InputRequiredResult, InputResponses, ProgressNotificationParam, ProtocolVersion,
    },
    service::RequestContext,
};
use tokio::sync::mpsc;

use super::{
    Account, Server,
    accounts::Misrouted,
    answer,
    ask::{self, Asked},
    client_name,
};
use crate::{
    audit::Entry,
    gate::{Caller, Permitted, Refusal, Verdict},
    op::{BackendError, BadCall, Progress},
    policy::Code,
    toolset::{Answer, Arguments},
};

/// Longer states than this were not made here.
const LONGEST_STATE: usize = 1024;

/// A call, whichever request it came by.
pub(super) struct Request {
    pub(super) tool: String,
    pub(super) arguments: Arguments,
    /// What came back for a question that was asked before.
    pub(super) state: Option<String>,
    pub(super) answers: Option<InputResponses>,
}

/// What a call came to, before it is put into the form of an answer.
pub(super) enum Ended {
    /// It was run.
    Ran(Result<Answer, BackendError>, Recorded),
    /// The same was run just now.
    Again(Result<Answer, BackendError>),
    /// The gate refused.
    Refused(Refusal),
    /// It cannot be understood.
    Bad(BadCall),
    /// The client asks, and calls again with the answer.
    Pending(InputRequiredResult),
}

/// What every answer of an account has to say first.
pub(super) type Notice = Option<&'static str>;

/// Whether the call is in the audit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Recorded {
    Yes,
    No,
}

impl Server {
    /// The one way from a request to the back end.
    pub(super) async fn call(
        &self,
        mut request: Request,
        cx: RequestContext<RoleServer>,
    ) -> Result<(Ended, Notice), ErrorData> {
        let caller = self.caller(&cx);
        let mut entry = self.0.audit.begin(&caller.grant, client_name(&cx));
        let Ok(_place) = Arc::clone(&self.0.places).try_acquire_owned() else {
            let refusal = Refusal::new(Code::Busy, "too many calls are under way");
            let notice = self.notice(&caller);
            return Ok((refuse(entry, refusal, notice, &cx)?, notice));
        };
        let account = match self.route(&caller, &request.tool, &mut request.arguments) {
            Ok(account) => account,
            Err(Misrouted::Bad(bad)) => return Ok((misunderstood(entry, bad), None)),
            Err(Misrouted::Refused(refusal)) => {
                return Ok((refuse(entry, refusal, None, &cx)?, None));
            }
        };
        entry.on(account.gate.account());
        let ended = self.call_at(account, request, entry, &caller, cx).await?;
        Ok((ended, account.tools.notice()))
    }

    /// A call of an account.
    async fn call_at(
        &self,
        account: &Arc<Account>,
        request: Request,
        mut entry: Entry,
        caller: &Caller,
        cx: RequestContext<RoleServer>,
    ) -> Result<Ended, ErrorData> {
        let (tools, gate) = (&account.tools, &account.gate);
        let call = match tools.prepare(&request.tool, request.arguments) {
            Ok(call) => call,
            Err(bad) => return Ok(misunderstood(entry, bad)),
        };
        entry.about(call.facts());
        if let Some(permit) = gate.pending_lookups(&call, caller) {
            tokio::select! {
                () = cx.ct.cancelled() => return Ok(taken_back(entry)),
                found = tools.resolve(permit) => gate.learn(found),
            }
        }
        let reply = request.answers.as_ref().and_then(ask::reply);
        let verdict = match (request.state, reply) {
            (Some(state), Some(reply)) if state.len() <= LONGEST_STATE => {
                gate.judge_again(call, caller, &state, reply)
            }
            (Some(_), Some(_)) => {
                let refusal = Refusal::new(Code::ApprovalInvalid, "the approval was not made here");
                return refuse(entry, refusal, tools.notice(), &cx);
            }
            // A state without an answer is a question that nobody answered: ask again.
            _ => gate.judge(call, caller),
        };
        self.follow(account, verdict, entry, caller, cx).await
    }

    async fn follow(
        &self,
        account: &Arc<Account>,
        verdict: Verdict,
        entry: Entry,
        caller: &Caller,
        cx: RequestContext<RoleServer>,
    ) -> Result<Ended, ErrorData> {
        let question = match verdict {
            Verdict::Go(permitted) => return self.run(account, *permitted, entry, cx).await,
            Verdict::Refuse(refusal) => {
                return refuse(entry, *refusal, account.tools.notice(), &cx);
            }
            Verdict::Again(outcome) => return Ok(again(entry, *outcome)),
            Verdict::Ask(question) => question,
        };
        entry.questions();
        match ask::ask(account, *question, &cx).await? {
            Asked::Pending(question) => Ok(match entry.asked() {
                Ok(()) => Ended::Pending(question),
                Err(error) => Ended::Refused(Refusal::unrecorded(&error)),
            }),
            Asked::Cancelled => Ok(taken_back(entry)),
            Asked::Answered {
                call,
                ticket,
                reply,
            } => {
                match account.gate.judge_again(call, caller, &ticket, reply) {
                    Verdict::Go(permitted) => self.run(account, *permitted, entry, cx).await,
                    Verdict::Refuse(refusal) => {
                        refuse(entry, *refusal, account.tools.notice(), &cx)
                    }
                    Verdict::Again(outcome) => Ok(again(entry, *outcome)),
                    // The gate does not ask about an answer.
                    Verdict::Ask(_) => Err(ErrorData::internal_error("asked twice", None)),
                }
            }
        }
    }

    /// Runs the call in a task of its own, so that its outcome is recorded even when
    /// nobody waits for it any more.
    async fn run(
        &self,
        account: &Arc<Account>,
        mut permitted: Permitted,
        mut entry: Entry,
        cx: RequestContext<RoleServer>,
    ) -> Result<Ended, ErrorData> {
        entry.allowed(permitted.how(), permitted.shadowed());
        let (progress, reports) = Progress::new(cx.ct.clone());
        let inner = Arc::clone(account);
        let (ending, wait) = (permitted.ending(), permitted.wait());
        // On the heap: a task moves what it runs several times.
        let running = self.0.running.spawn(Box::pin(async move {
            // A gap that has to be kept; a call that is taken back meanwhile sends nothing.
            let outcome = match progress.pause(wait).await {
                Ok(()) => inner.tools.run(permitted, progress).await,
                Err(fault) => Err(fault),
            };
            inner.gate.ended(ending, &outcome);
            let recorded = entry.ran(&outcome).map_or(Recorded::No, |()| Recorded::Yes);
            (outcome, recorded)
        }));
        let forwarding = forward(reports, &cx);
        let (ended, ()) = tokio::join!(running, forwarding);
        let (outcome, recorded) = ended
            .map_err(|_| ErrorData::internal_error("the call broke off inside the server", None))?;
        Ok(Ended::Ran(outcome, recorded))
    }
}

/// A refusal; an error of the protocol where the specification wants one.
fn refuse(
    entry: Entry,
    refusal: Refusal,
    notice: Notice,
    cx: &RequestContext<RoleServer>,
) -> Result<Ended, ErrorData> {
    // Nothing was done; a refusal stands whether or not it could be written down.
    let _ = entry.refused(refusal.code, refusal.rule.as_ref());
    match refusal.code {
        Code::CannotAsk if ask::is_modern(cx) => {
            let mut needed = ClientCapabilities::default();
            let form = FormElicitationCapability::default();
            needed.elicitation = Some(ElicitationCapability::new().with_form(form));
            Err(ErrorData::missing_required_client_capability(needed))
        }
        Code::ApprovalInvalid if ask::is_modern(cx) => {
            let data = serde_json::to_value(&refusal).unwrap_or_default();
            let text = refusal.to_string();
            Err(answer::fail(notice, ErrorCode::INVALID_PARAMS, text, data))
        }
        _ => Ok(Ended::Refused(refusal)),
    }
}

/// Writes down a call that cannot be understood.
fn misunderstood(mut entry: Entry, bad: BadCall) -> Ended {
    if let BadCall::BadArguments { tool, .. } = &bad {
        entry.names(tool);
    }
    // Nothing was done; the answer stands whether or not it could be written down.
    let _ = entry.bad(bad.code());
    Ended::Bad(bad)
}

/// Writes down a call that was taken back before it was decided.
fn taken_back(entry: Entry) -> Ended {
    let _ = entry.taken_back();
    Ended::Ran(Err(BackendError::Cancelled), Recorded::Yes)
}

/// The answer that the same call got just now.
fn again(mut entry: Entry, outcome: Result<Answer, BackendError>) -> Ended {
    entry.allowed("repeated", None);
    // Nothing was done; the answer stands whether or not it could be written down.
    let _ = entry.ran(&outcome);
    Ended::Again(outcome)
}

/// Passes reports on as progress notifications until the call drops its end.
async fn forward(mut reports: mpsc::Receiver<String>, cx: &RequestContext<RoleServer>) {
    let token = cx.meta.get_progress_token();
    let mut step = 0.0;
    while let Some(message) = reports.recv().await {
        let Some(token) = &token else { continue };
        if cx.ct.is_cancelled() {
            continue;
        }
        step += 1.0;
        let report = ProgressNotificationParam::new(token.clone(), step).with_message(message);
        // A client that is gone needs no progress.
        let _ = cx.peer.notify_progress(report).await;
    }
}

/// The revision that asks by `input_required` instead of a request of its own.
pub(super) const MODERN: ProtocolVersion = ProtocolVersion::V_2026_07_28;

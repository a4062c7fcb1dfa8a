//! The life of a call: parsed, decided, asked about, run, answered.

use std::{sync::Arc, time::Duration};

use rmcp::{
    ErrorData, RoleServer,
    model::{
        ClientCapabilities, ElicitationCapability, ErrorCode, FormElicitationCapability,
        InputRequiredResult, InputResponses, ProtocolVersion,
    },
    service::RequestContext,
};
use tokio::time::Instant;

use super::{
    Account, Server,
    accounts::Misrouted,
    answer,
    ask::{self, QuestionEnd},
    client_name,
    places::CallPlace,
    progress::forward,
};
use crate::{
    audit::AuditEntry,
    gate::{Caller, PendingLookups, Permit, Refusal, Started, Verdict},
    ledger::{as_one_call, of_this_call},
    op::{BackendError, BadCall, Progress},
    policy::Code,
    toolset::{Answer, Arguments, FileBound, LoadFailure},
};

/// The longest `requestState` that can be a ticket of this server, in bytes.
const MAX_STATE_BYTES: usize = 1024;

/// After this time of look-ups a call is refused if it needs more of them.
const MAX_LOOKUP_TIME: Duration = Duration::from_secs(10);

/// A call of a tool, whichever request it comes from.
pub(super) struct ToolCall {
    pub(super) tool: String,
    pub(super) arguments: Arguments,
    /// The ticket of a question that was asked before.
    pub(super) state: Option<String>,
    /// The answers to that question.
    pub(super) answers: Option<InputResponses>,
    /// A name that stands twice in one object of its arguments.
    pub(super) repeated: Option<String>,
}

/// How a call ended, before it becomes a response.
pub(super) enum CallEnd {
    /// It was run.
    Completed(Result<Answer, BackendError>, Recorded),
    /// The same call was run a moment ago.
    Replayed(Result<Answer, BackendError>, Repeat),
    /// The gate refused it.
    Refused(Refusal),
    /// It names no tool, or its arguments are wrong.
    Bad(BadCall),
    /// The client asks a person, and calls again with the answer.
    Pending(InputRequiredResult),
}

/// Whether the caller can ask for a call although the same was run a moment ago.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeat {
    /// By `allow_repeat`.
    OnRequest,
    /// Only later.
    Later,
}

/// The notice at the beginning of every answer of an account.
pub(super) type Notice = Option<&'static str>;

/// Whether a call is in the audit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Recorded {
    Yes,
    No,
}

impl Server {
    /// The only way from a request to the back end.
    pub(super) async fn call(
        &self,
        mut request: ToolCall,
        cx: RequestContext<RoleServer>,
    ) -> Result<(CallEnd, Notice), ErrorData> {
        // The end of the server waits for the answer too.
        let _running = self.0.running.token();
        let caller = self.caller(&cx);
        let mut entry = self.0.audit.begin(&caller.grant, client_name(&cx));
        let Some(place) = self.0.places.take(&caller.grant) else {
            let refusal = Refusal::new(Code::Busy, "Too many calls are running.");
            let notice = self.notice(&caller);
            return Ok((refuse(entry, refusal, notice, &cx).await?, notice));
        };
        let account = match self.route(&caller, &request.tool, &mut request.arguments) {
            Ok(account) => account,
            Err(Misrouted::Bad(bad)) => return Ok((reject(entry, bad).await, None)),
            Err(Misrouted::Refused(refusal)) => {
                return Ok((refuse(entry, refusal, None, &cx).await?, None));
            }
        };
        entry.on(account.gate.account());
        let ended = self.call_at(account, request, entry, place, &caller, cx);
        let ended = as_one_call(Box::pin(ended)).await?;
        Ok((ended, account.tools.notice()))
    }

    /// A call of an account: look-ups, the gate's verdict, a person's answer, and the run.
    async fn call_at(
        &self,
        account: &Arc<Account>,
        request: ToolCall,
        mut entry: AuditEntry,
        mut place: CallPlace<'_>,
        caller: &Caller,
        cx: RequestContext<RoleServer>,
    ) -> Result<CallEnd, ErrorData> {
        let (tools, gate) = (&account.tools, &account.gate);
        let prepared = match (tools.get(&request.tool), &request.repeated) {
            (Some(tool), Some(name)) => Err(BadCall::repeated(tool.name, name)),
            _ => tools.prepare(&request.tool, request.arguments),
        };
        let mut call = match prepared {
            Ok(call) => call,
            Err(bad) => return Ok(reject(entry, bad).await),
        };
        entry.parsed(call.facts());
        let reply = request.answers.as_ref().and_then(ask::reply);
        let mut until = None;
        loop {
            let pending = match gate
                .pending_lookups(&mut call, caller, reply.is_some())
                .await
            {
                Ok(None) => break,
                Ok(Some(pending)) => pending,
                Err(refusal) => return refuse(entry, refusal, tools.notice(), &cx).await,
            };
            if Instant::now() >= *until.get_or_insert_with(|| Instant::now() + MAX_LOOKUP_TIME) {
                return refuse(entry, Refusal::unfinished_lookups(), tools.notice(), &cx).await;
            }
            tokio::select! {
                () = cx.ct.cancelled() => return Ok(cancel(entry).await),
                () = gate.closed() => return refuse(entry, Refusal::stopping(), tools.notice(), &cx).await,
                () = self.look_up(account, pending, &entry) => {}
            }
        }
        if let Some(permit) = gate.pending_file(&mut call, caller, reply.is_some()).await {
            if call.fetches_file() {
                entry.admit_lookup().await;
            }
            let loaded = match place.room_for_file() {
                Some(room) => tokio::select! {
                    () = cx.ct.cancelled() => return Ok(cancel(entry).await),
                    () = gate.closed() => return refuse(entry, Refusal::stopping(), tools.notice(), &cx).await,
                    loaded = tools.load(call, permit, room) => loaded,
                },
                None => Err(LoadFailure::Bound(FileBound::Room)),
            };
            call = match loaded {
                Ok(call) => call,
                Err(LoadFailure::Refused(error)) => return Ok(unloaded(entry, error).await),
                Err(LoadFailure::Bound(bound)) => {
                    let refusal = gate.file_too_large(bound, &request.tool, caller);
                    return refuse(entry, refusal, tools.notice(), &cx).await;
                }
            };
            entry.parsed(call.facts());
        }
        let mut verdict = match (request.state, reply) {
            (Some(ticket), Some(reply)) if ticket.len() <= MAX_STATE_BYTES => {
                // What few calls do is boxed, so that all others are cheap to move.
                Box::pin(gate.authorize_with_reply(call, caller, &ticket, reply)).await
            }
            (Some(_), Some(_)) => {
                let reason = "The approval was not issued by this server.";
                Verdict::from(Refusal::new(Code::ApprovalInvalid, reason))
            }
            // A ticket without an answer belongs to a question that nobody answered.
            _ => gate.authorize(call, caller).await,
        };
        if let Verdict::Confirm(question) = verdict {
            entry.question();
            verdict = match Box::pin(ask::ask(account, *question, &entry, &mut place, &cx)).await? {
                QuestionEnd::Answered {
                    call,
                    ticket,
                    reply,
                } => {
                    place.resume();
                    Box::pin(gate.authorize_with_reply(*call, caller, &ticket, reply)).await
                }
                QuestionEnd::Busy => {
                    let reason = "Too many questions wait for a person.";
                    Verdict::from(Refusal::new(Code::Busy, reason))
                }
                QuestionEnd::Pending(question) => return Ok(pend(entry, question).await),
                QuestionEnd::Cancelled => return Ok(cancel(entry).await),
                QuestionEnd::Stopping => {
                    return refuse(entry, Refusal::stopping(), tools.notice(), &cx).await;
                }
            };
        }
        match verdict {
            Verdict::Permit(permit) => self.run(account, *permit, entry, place, cx).await,
            Verdict::Deny(refusal) => refuse(entry, *refusal, tools.notice(), &cx).await,
            Verdict::Replay(outcome) => {
                let repeat = match tools.get(&request.tool) {
                    Some(tool) if tool.allows_repeat() => Repeat::OnRequest,
                    _ => Repeat::Later,
                };
                Ok(replay(entry, *outcome, repeat).await)
            }
            // The gate does not ask about an answer.
            Verdict::Confirm(_) => Err(ErrorData::internal_error("asked twice", None)),
        }
    }

    /// Waits for look-ups. Those that nobody has begun are made in a task of their own, as
    /// other calls may wait for them too.
    async fn look_up(
        &self,
        account: &Arc<Account>,
        mut pending: PendingLookups,
        entry: &AuditEntry,
    ) {
        if let Some((permit, flight)) = pending.begin() {
            let account = Arc::clone(account);
            let write_ahead = entry.write_ahead();
            self.0.running.spawn(async move {
                // Reading goes on without the audit; the error is in the log.
                let _ = write_ahead.write().await;
                tokio::select! {
                    () = account.gate.closed() => {}
                    found = account.tools.resolve(permit) => account.gate.land(flight, found).await,
                }
            });
        }
        pending.ended().await;
    }

    /// Runs a permitted call in a task of its own, so that its outcome is recorded even if
    /// the client no longer waits for it.
    async fn run(
        &self,
        account: &Arc<Account>,
        permit: Permit,
        entry: AuditEntry,
        mut place: CallPlace<'_>,
        cx: RequestContext<RoleServer>,
    ) -> Result<CallEnd, ErrorData> {
        let wait = permit.wait();
        let Started {
            permitted,
            clearance,
            obligations,
        } = permit.start(entry);
        let (progress, reports) = Progress::new(cx.ct.clone(), clearance);
        let progress = progress.of_grant(place.grant());
        let account = Arc::clone(account);
        let cancelled = cx.ct.clone();
        // On the heap: a task moves its future several times.
        let ended = self.0.ended.clone();
        let running = self
            .0
            .running
            .spawn(
                ended.run_until_cancelled_owned(Box::pin(of_this_call(async move {
                    let outcome = match progress.turn(wait).await {
                        Ok(()) if permitted.is_read() => {
                            let reading = account.tools.run(permitted, progress);
                            let read = cancelled.run_until_cancelled(reading).await;
                            read.unwrap_or(Err(BackendError::Cancelled))
                        }
                        Ok(()) => account.tools.run(permitted, progress).await,
                        Err(error) => Err(error),
                    };
                    let refusal = obligations.refusal(&outcome).await;
                    let recorded = match obligations.complete(&outcome, refusal.as_ref()).await {
                        Ok(()) => Recorded::Yes,
                        Err(_) => Recorded::No,
                    };
                    match refusal {
                        Some(refusal) => CallEnd::Refused(refusal),
                        None => CallEnd::Completed(outcome, recorded),
                    }
                }))),
            );
        let forwarding = forward(reports, &cx);
        let ending = async {
            let (ended, ()) = tokio::join!(running, forwarding);
            ended
        };
        tokio::pin!(ending);
        let ended = tokio::select! {
            ended = &mut ending => ended,
            () = cx.ct.cancelled() => {
                place.cancel();
                ending.await
            }
        };
        ended
            .ok()
            .flatten()
            .ok_or_else(|| ErrorData::internal_error("the call broke off inside the server", None))
    }
}

/// Ends a call that is refused. It is a protocol error where the specification wants one.
async fn refuse(
    entry: AuditEntry,
    refusal: Refusal,
    notice: Notice,
    cx: &RequestContext<RoleServer>,
) -> Result<CallEnd, ErrorData> {
    // Nothing was sent; the refusal stands whether or not it could be audited.
    let _ = entry.refused(refusal.code, refusal.rule.as_ref()).await;
    if let Some(error) = refusal.shown_as {
        return Ok(CallEnd::Completed(Err(*error), Recorded::Yes));
    }
    match refusal.code {
        Code::CannotAsk if ask::is_modern(cx) => {
            let mut needed = ClientCapabilities::default();
            let form = FormElicitationCapability::default();
            needed.elicitation = Some(ElicitationCapability::new().with_form(form));
            Err(ErrorData::missing_required_client_capability(needed))
        }
        Code::ApprovalInvalid if ask::is_modern(cx) => {
            let data = serde_json::to_value(&refusal).unwrap_or_default();
            let (code, text) = (ErrorCode::INVALID_PARAMS, refusal.to_string());
            Err(answer::protocol_error(notice, code, text, data))
        }
        _ => Ok(CallEnd::Refused(refusal)),
    }
}

/// Ends a call that names no tool, or whose arguments are wrong.
async fn reject(mut entry: AuditEntry, bad: BadCall) -> CallEnd {
    if let BadCall::BadArguments { tool, .. } = &bad {
        entry.tool(tool);
    }
    // Nothing was sent; the answer stands whether or not it could be audited.
    let _ = entry.bad(bad.code()).await;
    CallEnd::Bad(bad)
}

/// Ends a call whose file cannot be loaded.
async fn unloaded(entry: AuditEntry, error: BackendError) -> CallEnd {
    // Nothing was sent; the answer stands whether or not it could be audited.
    let _ = entry.bad(error.code()).await;
    CallEnd::Completed(Err(error), Recorded::Yes)
}

/// Ends a call that the client cancels before it is decided.
async fn cancel(entry: AuditEntry) -> CallEnd {
    let _ = entry.cancelled().await;
    CallEnd::Completed(Err(BackendError::Cancelled), Recorded::Yes)
}

/// Ends a call with a question; the answer comes with another call.
async fn pend(entry: AuditEntry, question: InputRequiredResult) -> CallEnd {
    match entry.pending().await {
        Ok(()) => CallEnd::Pending(question),
        Err(error) => CallEnd::Refused(Refusal::audit_unavailable(&error)),
    }
}

/// Ends a call with the answer that the same call got a moment ago.
async fn replay(
    mut entry: AuditEntry,
    outcome: Result<Answer, BackendError>,
    repeat: Repeat,
) -> CallEnd {
    entry.permitted("repeated", None);
    // Nothing was sent; the answer stands whether or not it could be audited.
    let _ = entry.completed(&outcome).await;
    CallEnd::Replayed(outcome, repeat)
}

/// The first revision that asks by `input_required` instead of a request of its own.
pub(super) const MODERN: ProtocolVersion = ProtocolVersion::V_2026_07_28;

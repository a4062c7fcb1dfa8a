//! The kinds of refusal.

use std::fmt;

use serde::Serialize;

/// The kind of a refusal; the names are stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// A rule denies the call.
    DeniedByRule,
    /// No rule allows the call.
    NotAdmitted,
    /// The policy hides the tool.
    Hidden,
    /// The tool is irreversible, and confirmation is off.
    ConfirmationOff,
    /// A person has to approve the call, and this client cannot ask.
    CannotAsk,
    /// The person declined.
    Declined,
    /// The question was dismissed without an answer.
    Dismissed,
    /// The answer came faster than a person reads.
    TooFast,
    /// The answer to the question contains no explicit yes.
    AnswerUnreadable,
    /// The approval does not belong to this call.
    ApprovalInvalid,
    /// The approval has expired.
    ApprovalExpired,
    /// The approval was used before.
    ApprovalUsed,
    /// A person has to approve the call, and it is too long to be shown as a whole.
    QuestionTooLong,
    /// Too many questions were asked.
    PromptsExhausted,
    /// A limit is reached.
    RateLimited,
    /// The audit cannot be written.
    AuditUnavailable,
    /// Too many calls are running.
    Busy,
    /// An equal call is in flight.
    UnderWay,
    /// The ledger cannot be used.
    LedgerUnavailable,
    /// A condition of a rule is not met.
    ConditionNotMet,
    /// The recipient is on a `deny` list.
    RecipientDenied,
    /// The recipient is on no list.
    RecipientUnlisted,
    /// The account has never written to the recipient.
    RecipientNew,
    /// The recipient has sent no message lately.
    NoRecentMessage,
    /// Messages of the chat may not be read.
    ChatNotReadable,
    /// The file may not be sent.
    FileNotAllowed,
    /// The chat does not exist for the caller.
    ChatHidden,
    /// These are quiet hours.
    QuietHours,
    /// What was read in one chat could be sent to another.
    CrossChat,
    /// The account is paused because it is in danger.
    AccountPaused,
    /// The delay between two calls is not over.
    TooSoon,
    /// Only reading is allowed.
    ReadOnly,
    /// The policy has no such caller.
    UnknownGrant,
    /// The caller may not use any account of this server.
    AccountNotAllowed,
    /// The operator has turned on the kill switch.
    Panic,
    /// The policy was changed while the call waited.
    PolicyChanged,
    /// The server is being stopped.
    Stopping,
}

impl Code {
    /// Every code.
    pub const ALL: [Self; 37] = [
        Self::DeniedByRule,
        Self::NotAdmitted,
        Self::Hidden,
        Self::ConfirmationOff,
        Self::CannotAsk,
        Self::Declined,
        Self::Dismissed,
        Self::TooFast,
        Self::AnswerUnreadable,
        Self::ApprovalInvalid,
        Self::ApprovalExpired,
        Self::ApprovalUsed,
        Self::QuestionTooLong,
        Self::PromptsExhausted,
        Self::RateLimited,
        Self::AuditUnavailable,
        Self::Busy,
        Self::UnderWay,
        Self::LedgerUnavailable,
        Self::ConditionNotMet,
        Self::RecipientDenied,
        Self::RecipientUnlisted,
        Self::RecipientNew,
        Self::NoRecentMessage,
        Self::ChatNotReadable,
        Self::FileNotAllowed,
        Self::ChatHidden,
        Self::QuietHours,
        Self::CrossChat,
        Self::AccountPaused,
        Self::TooSoon,
        Self::ReadOnly,
        Self::UnknownGrant,
        Self::AccountNotAllowed,
        Self::Panic,
        Self::PolicyChanged,
        Self::Stopping,
    ];

    /// The code's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::DeniedByRule => "denied-by-rule",
            Self::NotAdmitted => "not-admitted",
            Self::Hidden => "hidden",
            Self::ConfirmationOff => "confirmation-off",
            Self::CannotAsk => "cannot-ask",
            Self::Declined => "declined",
            Self::Dismissed => "dismissed",
            Self::TooFast => "too-fast",
            Self::AnswerUnreadable => "answer-unreadable",
            Self::ApprovalInvalid => "approval-invalid",
            Self::ApprovalExpired => "approval-expired",
            Self::ApprovalUsed => "approval-used",
            Self::QuestionTooLong => "question-too-long",
            Self::PromptsExhausted => "prompts-exhausted",
            Self::RateLimited => "rate-limited",
            Self::AuditUnavailable => "audit-unavailable",
            Self::Busy => "busy",
            Self::UnderWay => "under-way",
            Self::LedgerUnavailable => "ledger-unavailable",
            Self::ConditionNotMet => "condition-not-met",
            Self::RecipientDenied => "recipient-denied",
            Self::RecipientUnlisted => "recipient-unlisted",
            Self::RecipientNew => "recipient-new",
            Self::NoRecentMessage => "no-recent-message",
            Self::ChatNotReadable => "chat-not-readable",
            Self::FileNotAllowed => "file-not-allowed",
            Self::ChatHidden => "chat-hidden",
            Self::QuietHours => "quiet-hours",
            Self::CrossChat => "cross-chat",
            Self::AccountPaused => "account-paused",
            Self::TooSoon => "too-soon",
            Self::ReadOnly => "read-only",
            Self::UnknownGrant => "unknown-grant",
            Self::AccountNotAllowed => "account-not-allowed",
            Self::Panic => "panic",
            Self::PolicyChanged => "policy-changed",
            Self::Stopping => "stopping",
        }
    }

    /// What to do next, a sentence.
    pub const fn next(self) -> &'static str {
        match self {
            Self::DeniedByRule
            | Self::NotAdmitted
            | Self::Hidden
            | Self::RecipientDenied
            | Self::ChatNotReadable
            | Self::ChatHidden
            | Self::ReadOnly
            | Self::UnknownGrant
            | Self::AccountNotAllowed => {
                "Do not try again: only the operator can change the policy."
            }
            Self::ConfirmationOff => {
                "Do not try again: the operator can set `confirmation.enabled = true`, then a person is asked each time."
            }
            Self::CannotAsk => {
                "Ask the user to do it on the phone, or use a client that supports MCP elicitation."
            }
            Self::Declined => "Do not ask again unless the person wants it.",
            Self::Dismissed => {
                "Ask the user whether they saw the question, and call again if they want it."
            }
            Self::TooFast => {
                "Use a client that shows the question to the user, or ask the operator to lower `confirmation.min_answer_ms`."
            }
            Self::AnswerUnreadable => {
                "If the person wants it, call again and let them choose yes in the form."
            }
            Self::ApprovalInvalid | Self::ApprovalExpired | Self::ApprovalUsed => {
                "Call again without `requestState`; the person is then asked again."
            }
            Self::QuestionTooLong => {
                "Call again with less in one call, or ask the user to do it on the phone."
            }
            Self::PromptsExhausted | Self::RateLimited | Self::TooSoon => "Wait, then call once.",
            Self::AuditUnavailable => "Tell the operator; tools that only read still work.",
            Self::Busy => "Wait until running calls have ended, then call again.",
            Self::UnderWay => "Wait for the answer to the first call; do not send it again.",
            Self::LedgerUnavailable => {
                "Tell the operator; tools that only read and are not counted still work."
            }
            Self::ConditionNotMet => {
                "Call again only with arguments that meet the condition; only the operator can change it."
            }
            Self::RecipientUnlisted => {
                "Do not try again: only the operator can list the recipient."
            }
            Self::RecipientNew => {
                "Do not try again: the operator can send the first message, or list the recipient."
            }
            Self::NoRecentMessage => {
                "Wait until the recipient has written, then call once; or ask the user to write on the phone."
            }
            Self::FileNotAllowed => {
                "Send another file; only the operator can change which files may be sent."
            }
            Self::QuietHours => "Wait until the quiet hours are over, then call once.",
            Self::CrossChat => "Do not try again: a person can send it manually.",
            Self::AccountPaused => {
                "Do not send anything until the pause is over, and tell the operator to check the account."
            }
            Self::PolicyChanged => "Call again; the new policy then decides.",
            Self::Stopping => "Call again when the server is running again.",
            Self::Panic => "Stop: nothing more is allowed until the operator ends it.",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

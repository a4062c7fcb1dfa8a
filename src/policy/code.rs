//! The kinds of refusal.

use std::fmt;

use serde::Serialize;

/// What kind of refusal it is; the names are stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// A rule says no.
    DeniedByRule,
    /// No rule says yes.
    NotAdmitted,
    /// The policy hides the tool.
    Hidden,
    /// The tool cannot be undone, and confirmation is off.
    ConfirmationOff,
    /// A person has to be asked, and this client cannot ask.
    CannotAsk,
    /// The person said no.
    Declined,
    /// What came back from the person cannot be read as a yes.
    AnswerUnreadable,
    /// The approval is not for this call.
    ApprovalInvalid,
    /// The approval came too late.
    ApprovalExpired,
    /// The approval was used before.
    ApprovalUsed,
    /// Too many questions were asked.
    PromptsExhausted,
    /// A limit is reached.
    RateLimited,
    /// The audit cannot be written.
    AuditUnavailable,
    /// Too many calls are under way.
    Busy,
    /// The same content is being sent to the same chat.
    UnderWay,
    /// The ledger cannot be used.
    LedgerUnavailable,
    /// A condition of a rule does not hold.
    ConditionNotMet,
    /// The recipient is not to be written to.
    RecipientDenied,
    /// The recipient is not listed.
    RecipientUnlisted,
    /// The recipient was never written to.
    RecipientNew,
    /// The chat is not to be read.
    ChatNotReadable,
    /// It is the wrong time of day.
    QuietHours,
    /// What was read in one chat could leave to another.
    CrossChat,
    /// The account is in danger and left alone.
    AccountPaused,
    /// The gap between two calls is not over.
    TooSoon,
    /// Nothing but reading is allowed.
    ReadOnly,
    /// The policy has no such caller.
    UnknownGrant,
    /// The caller may use no account that is there.
    AccountNotAllowed,
    /// The operator has pulled the switch.
    Panic,
}

impl Code {
    /// Every code.
    pub const ALL: [Self; 29] = [
        Self::DeniedByRule,
        Self::NotAdmitted,
        Self::Hidden,
        Self::ConfirmationOff,
        Self::CannotAsk,
        Self::Declined,
        Self::AnswerUnreadable,
        Self::ApprovalInvalid,
        Self::ApprovalExpired,
        Self::ApprovalUsed,
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
        Self::ChatNotReadable,
        Self::QuietHours,
        Self::CrossChat,
        Self::AccountPaused,
        Self::TooSoon,
        Self::ReadOnly,
        Self::UnknownGrant,
        Self::AccountNotAllowed,
        Self::Panic,
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
            Self::AnswerUnreadable => "answer-unreadable",
            Self::ApprovalInvalid => "approval-invalid",
            Self::ApprovalExpired => "approval-expired",
            Self::ApprovalUsed => "approval-used",
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
            Self::ChatNotReadable => "chat-not-readable",
            Self::QuietHours => "quiet-hours",
            Self::CrossChat => "cross-chat",
            Self::AccountPaused => "account-paused",
            Self::TooSoon => "too-soon",
            Self::ReadOnly => "read-only",
            Self::UnknownGrant => "unknown-grant",
            Self::AccountNotAllowed => "account-not-allowed",
            Self::Panic => "panic",
        }
    }

    /// What to do next.
    pub const fn next(self) -> &'static str {
        match self {
            Self::DeniedByRule | Self::NotAdmitted | Self::Hidden => {
                "do not try again; only the operator can change the policy"
            }
            Self::ConfirmationOff => {
                "do not try again; the operator can set confirmation.enabled = true, then a person is asked each time"
            }
            Self::CannotAsk => {
                "do this on the phone, or use a client that supports MCP elicitation"
            }
            Self::Declined => "do not ask again unless the person wants it",
            Self::AnswerUnreadable => {
                "call again if the person wants it, and let the person choose yes in the form"
            }
            Self::ApprovalInvalid | Self::ApprovalExpired | Self::ApprovalUsed => {
                "call again without requestState; the person is then asked anew"
            }
            Self::PromptsExhausted | Self::RateLimited => "wait, then call once",
            Self::AuditUnavailable => "tell the operator; reading still works",
            Self::Busy => "wait for the calls under way, then call again",
            Self::LedgerUnavailable => {
                "tell the operator; reading still works where it is not counted"
            }
            Self::ConditionNotMet => {
                "only call again with arguments that keep the condition; only the operator can change it"
            }
            Self::RecipientDenied => "do not try again; only the operator can change the policy",
            Self::RecipientUnlisted => "do not try again; only the operator can list recipients",
            Self::RecipientNew => {
                "do not try again; the operator writes first, or lists the recipient"
            }
            Self::ChatNotReadable => "do not try again; only the operator can change the policy",
            Self::QuietHours => "wait until the quiet hours are over, then call once",
            Self::CrossChat => "do not try again; a person can send it by hand",
            Self::AccountPaused => "send nothing; the operator looks at the account and resumes",
            Self::TooSoon => "wait, then call once",
            Self::ReadOnly => "do not try again; only the operator can change the policy",
            Self::UnknownGrant | Self::AccountNotAllowed => {
                "do not try again; only the operator can change the policy"
            }
            Self::Panic => "stop; nothing more is allowed until the operator says so",
            Self::UnderWay => "wait for the first call's answer; do not send it again",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

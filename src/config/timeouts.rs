//! How long a back end waits.

use std::time::Duration;

/// How long a back end waits for things that take their time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For one HTTP answer.
    pub answer: Duration,
    /// Between two looks at a state; APIs allow about one a second.
    pub look: Duration,
    /// For a session to come up.
    pub open: Duration,
    /// For an effect to show after the API said yes.
    pub settle: Duration,
    /// For WhatsApp to confirm a message.
    pub confirm: Duration,
    /// For the answer to one look at what came of a change.
    pub observe: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            answer: Duration::from_secs(35),
            look: Duration::from_secs(1),
            open: Duration::from_secs(45),
            settle: Duration::from_secs(15),
            confirm: Duration::from_secs(3),
            observe: Duration::from_secs(3),
        }
    }
}

impl Timeouts {
    /// Waits bounded by the time that one answer may take.
    pub fn within(answer: Duration) -> Self {
        let default = Self::default();
        Self {
            answer,
            look: default.look.min(answer),
            open: default.open.min(answer * 2),
            settle: default.settle.min(answer),
            confirm: default.confirm.min(answer),
            observe: default.observe.min(answer),
        }
    }
}

impl Timeouts {
    /// The longest time that one request and the verification of its effect take.
    pub fn longest_request(&self) -> Duration {
        self.answer + self.open.max(self.settle).max(self.confirm)
    }

    /// The same, for what WhatsApp confirms at once or not at all.
    pub(crate) fn confirming(self) -> Self {
        Self {
            settle: self.confirm,
            ..self
        }
    }
}

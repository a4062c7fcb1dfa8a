//! What would happen to a call, without sending or counting anything: the gate's own
//! evaluation over what the ledger and the kill switch hold.

mod account_record;
mod counters;
mod explanation;
mod limit_status;
mod outcome;
mod unknown;

pub use account_record::AccountRecord;
pub use counters::Counter;
pub use explanation::{Explanation, RuleFinding, Target};
pub use limit_status::{KeyStatus, Left, LimitStatus};
pub use outcome::{Outcome, Why};

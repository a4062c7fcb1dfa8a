//! What would come of a call: the gate's own questions, asked without sending anything.

mod account;
mod counters;
mod explanation;
mod limit_status;
mod outcome;
mod unknown;

pub use account::Account;
pub use counters::Counter;
pub use explanation::{Explanation, Person, Said};
pub use limit_status::{Left, LimitStatus, Whose};
pub use outcome::{Outcome, Why};

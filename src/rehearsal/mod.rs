//! What would come of a call: the gate's own questions, asked without sending anything.

mod account;
mod call;
mod counters;
mod explanation;
mod outcome;
mod outlook;
mod time;
mod unknown;

pub use account::{Account, ledger};
pub use call::call;
pub use counters::Counter;
pub use explanation::{Explanation, Person, Said};
pub use outcome::{Outcome, Why};
pub use outlook::{Left, Outlook, Whose};
pub use time::{for_people, moment};

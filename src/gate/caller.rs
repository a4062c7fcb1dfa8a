//! Who calls, and on which account.

use sha2::{Digest, Sha256};

use super::Refusal;
use crate::{policy::Policy, text::hex};

/// Who calls.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The name under which a policy knows the caller; `local` on stdio.
    pub grant: String,
    /// The connection, for limits that count by it.
    pub session: String,
    /// Whether the caller's client can ask a person.
    pub can_ask: bool,
}

impl Caller {
    /// The name of a session in keys and lists: a digest, since whoever knows the id of a
    /// session may use it.
    pub fn name_of_session(id: &str) -> String {
        let mut name = hex(&Sha256::digest(id));
        name.truncate(32);
        name
    }
}

/// Refuses callers that the policy does not know, and those that may not use the account.
/// `account` is its name if the server has several.
pub(super) fn check_caller(
    policy: &Policy,
    caller: &Caller,
    account: Option<&str>,
) -> Result<(), Refusal> {
    if !policy.knows(&caller.grant) {
        return Err(Refusal::unknown_grant(&caller.grant));
    }
    match account {
        Some(account) if !policy.may_use(&caller.grant, account) => {
            Err(Refusal::no_account(&caller.grant))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Code;

    #[test]
    fn a_caller_needs_a_grant_and_a_grant_its_account() {
        let policy = "version = \"1\"\n[grants.reader]\n";
        let policy = Policy::from_toml(crate::backend::specs(), "policy.toml", policy).unwrap();
        let code = |grant: &str, account| {
            let caller = Caller {
                grant: grant.to_owned(),
                session: String::new(),
                can_ask: false,
            };
            let refusal = check_caller(&policy, &caller, account).err();
            refusal.map(|refusal| refusal.code)
        };
        assert_eq!(code("local", None), None);
        assert_eq!(code("local", Some("work")), None);
        assert_eq!(code("reader", None), None);
        assert_eq!(code("nobody", None), Some(Code::UnknownGrant));
        assert_eq!(code("nobody", Some("work")), Some(Code::UnknownGrant));
    }
}

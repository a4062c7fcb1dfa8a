//! Properties of every policy and every call.

use proptest::{prelude::*, sample::select};
use whatsapp_guard::{backend::specs, policy::Policy};

use super::generators::*;
use crate::app::{self, gate};

proptest! {
    #![proptest_config(gate::cases(192))]

    #[test]
    fn additions_never_loosen_a_policy(
        file in policy_file(), calls in prop::collection::vec(call(), 1..6),
        section in section(), rule in tool_rule(), restriction in restriction(), hidden in select(TOOLS.to_vec()), grant in layer(),
    ) {
        let before = file.policy();
        let mut more: Vec<(&str, PolicyFile)> = Vec::new();
        let known = file.main.sections.iter().any(|(name, _)| *name == section.0);
        let admitting = section.0 == "risk" && section.1.contains("allow");
        if !known && !admitting {
            let mut one = file.clone();
            one.main.sections.push(section.clone());
            more.push(("a section", one));
        }
        let mut one = file.clone();
        one.main.hide.push(hidden);
        more.push(("hide", one));
        let mut one = file.clone();
        one.main.rules.push(rule.clone());
        more.push(("a rule", one));
        let mut one = file.clone();
        one.main.rules.push(restriction.clone());
        more.push(("a restriction", one));
        if let Some(inner) = &file.grant {
            let mut inner = inner.clone();
            inner.rules.push(restriction);
            let one = PolicyFile { grant: Some(inner), ..file.clone() };
            more.push(("a restriction of a grant", one));
        }
        if file.grant.is_none() {
            let one = PolicyFile { grant: Some(grant), ..file.clone() };
            more.push(("a grant", one));
        }
        let one = PolicyFile { mode: Some(true), ..file.clone() };
        more.push(("reading alone", one));
        for (what, one) in more {
            let after = one.policy();
            for call in &calls {
                // A rule that names a tool, or says that its tools are allowed, may admit
                // what the default refuses.
                if what == "a rule" && admits(&rule) && !has_rule_for(&file.main, call) {
                    continue;
                }
                let (was, limits, paces) = call.decision(&before);
                let (is, limits_now, paces_now) = call.decision(&after);
                prop_assert!(is >= was, "{what}: {} before, {}", was, one.text());
                prop_assert!(limits.len() <= limits_now.len() && paces <= paces_now, "{what}");
            }
        }
    }

    #[test]
    fn an_include_never_loosens(
        file in policy_file(), included in policy_file(), shadow: bool, calls in prop::collection::vec(call(), 1..6),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("policy.toml");
        // A list may be defined in one file only.
        let mut base = included.text().replace(LISTS, "");
        if shadow && included.mode.is_none() {
            base += "[mode]\nvalue = \"shadow\"\n";
        }
        std::fs::write(folder.path().join("base.toml"), base).unwrap();
        let text = file.text();
        std::fs::write(&path, &text).unwrap();
        let before = Policy::load(specs(), &path).unwrap();
        let text = text.replacen('\n', "\ninclude = [\"base.toml\"]\n", 1);
        std::fs::write(&path, text).unwrap();
        let after = match Policy::load(specs(), &path) {
            Ok(after) => after,
            // Counters with the same name and different limits are an error.
            Err(wrong) => { prop_assert!(wrong.to_string().contains("counter-conflict"), "{wrong}"); return Ok(()); }
        };
        prop_assert!(after.mode.shadow.is_none());
        for call in &calls {
            let (was, limits, _) = call.decision(&before);
            let (is, limits_now, _) = call.decision(&after);
            prop_assert!(is >= was);
            prop_assert!(limits.len() <= limits_now.len());
        }
    }

    #[test]
    fn the_order_of_rules_lists_and_tables_has_no_effect(
        file in policy_file(), calls in prop::collection::vec(call(), 1..6), turn in 0..5_usize,
    ) {
        let before = file.policy();
        let mut other = file.clone();
        for layer in [Some(&mut other.main), other.grant.as_mut()].into_iter().flatten() {
            layer.sections.reverse();
            layer.hide.reverse();
            let turn = turn.min(layer.rules.len());
            layer.rules.rotate_left(turn);
            layer.rules.reverse();
        }
        let after = other.policy();
        for call in &calls {
            prop_assert_eq!(call.decision(&before), call.decision(&after), "{}", other.text());
        }
    }

    #[test]
    fn the_order_of_includes_has_no_effect(
        file in policy_file(), one in layer(), two in layer(), calls in prop::collection::vec(call(), 1..6),
    ) {
        let folder = tempfile::tempdir().unwrap();
        for (name, layer) in [("one", &one), ("two", &two)] {
            let text = format!("version = \"1\"\n{}", layer.text("", ""));
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let load = |includes: &str| {
            let path = folder.path().join("policy.toml");
            let text = file.text().replacen('\n', &format!("\ninclude = {includes}\n"), 1);
            std::fs::write(&path, text).unwrap();
            Policy::load(specs(), &path)
        };
        let both = (load("[\"one\", \"two\"]"), load("[\"two\", \"one\"]"));
        let (before, after) = match both {
            (Ok(before), Ok(after)) => (before, after),
            both => { prop_assert!(both.0.is_err() && both.1.is_err()); return Ok(()); }
        };
        for call in &calls {
            prop_assert_eq!(call.decision(&before), call.decision(&after));
        }
    }

    #[test]
    fn no_bytes_make_the_parser_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("policy.toml");
        std::fs::write(&path, &bytes).unwrap();
        prop_assert!(Policy::load(specs(), &path).is_err() || bytes.starts_with(b"version"));
    }

    #[test]
    fn no_typo_makes_the_parser_panic(file in policy_file(), at: prop::sample::Index, len in 0..12_usize, put in "[a-z0-9\"\\[\\]{}=., \n\u{e9}-]{0,6}") {
        let text = file.text();
        let start = text.floor_char_boundary(at.index(text.len()));
        let end = text.ceil_char_boundary((start + len).min(text.len()));
        let broken = format!("{}{put}{}", &text[..start], &text[end..]);
        if let Err(found) = Policy::from_toml(specs(), "policy.toml", &broken) {
            prop_assert!(!found.to_string().is_empty());
            prop_assert!(found.located().next().is_some());
        }
    }
}

proptest! {
    #![proptest_config(gate::cases(12))]

    #[test]
    fn refused_calls_are_not_sent(file in policy_file(), calls in prop::collection::vec(call(), 1..8)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mock = wiremock::MockServer::start().await;
            let setup = app::waha(&mock).policy(&file.text());
            let mut app = setup.person(app::Person::Declines).start().await;
            for call in &calls {
                let before = changes(&mock).await;
                app.call(call.tool, call.arguments.clone()).await;
                let line = app.audit().pop().unwrap();
                if line["verdict"] == "refused" {
                    assert_eq!(changes(&mock).await, before, "{line}");
                }
            }
        });
    }
}

/// The number of requests other than GET.
async fn changes(mock: &wiremock::MockServer) -> usize {
    let requests = mock.received_requests().await.unwrap();
    let changes = requests.iter().filter(|one| one.method.as_str() != "GET");
    changes.count()
}

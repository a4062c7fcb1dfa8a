use serde_json::json;

use super::*;
use crate::{op, toolset::HistoryRequest};

const NOW: Duration = Duration::from_secs(1000);

fn policy() -> Policy {
    let text = "version = \"1\"\n[recipients]\nallow = [\"group:Team\"]\n\
                new = { action = \"confirm\" }\n[health]\npause_on = [\"FAILED\"]\n";
    Policy::from_toml(crate::backend::specs(), "policy.toml", text).unwrap()
}

fn caller() -> Caller {
    Caller {
        grant: "local".to_owned(),
        session: String::new(),
        can_ask: false,
    }
}

fn lookups_of<'a>(
    policy: &'a Policy,
    facts: &'a Facts,
    caller: &'a Caller,
    now: Duration,
) -> LookupCall<'a> {
    LookupCall {
        policy,
        facts,
        caller,
        recipients: KnownRecipients::default(),
        prepared_at: Instant::now(),
        now,
        wall: Timestamp::UNIX_EPOCH,
    }
}

fn begin(
    cache: &AttributeCache,
    tool: &str,
    arguments: serde_json::Value,
) -> (Option<Flight>, Vec<CancellationToken>) {
    let facts = op::call(tool, arguments).unwrap();
    cache
        .begin(lookups_of(&policy(), &facts, &caller(), NOW), |_| Ok(()))
        .unwrap()
}

fn requested(flight: Option<&Flight>) -> LookupRequest {
    flight.map_or_else(LookupRequest::default, |flight| flight.request().clone())
}

#[test]
fn only_what_a_call_depends_on_is_looked_up_and_once() {
    let cache = AttributeCache::default();
    assert!(begin(&cache, "get_session", json!({})).0.is_none());
    let hidden = "11111111111111@lid";
    let send = || json!({ "chat": hidden, "text": "hi" });
    let (first, _) = begin(&cache, "send_message", send());
    let request = requested(first.as_ref());
    let hidden = PersonId::parse(hidden).unwrap();
    assert_eq!(request.people, std::slice::from_ref(&hidden));
    assert!(request.groups && request.history == Some(HistoryRequest::From(0)) && request.state);
    // Who comes meanwhile waits.
    let (second, awaited) = begin(&cache, "send_message", send());
    assert!(second.is_none() && awaited.iter().all(|one| !one.is_cancelled()));
    let mut found = Identities::default();
    found.learn(hidden, PersonId::parse("15552223333@c.us").unwrap());
    cache.apply(found, None, None, NOW);
    let first = first.unwrap();
    cache.land(&first, &request, NOW);
    drop(first);
    assert!(!awaited.is_empty() && awaited.iter().all(CancellationToken::is_cancelled));
    let (third, awaited) = begin(&cache, "send_message", send());
    assert!(third.is_none() && awaited.is_empty());
}

#[test]
fn what_a_flight_did_not_reach_is_due_at_once() {
    let cache = AttributeCache::default();
    let send = || json!({ "chat": "11111111111111@lid", "text": "hi" });
    let (first, _) = begin(&cache, "send_message", send());
    let request = requested(first.as_ref());
    // It broke off.
    drop(first);
    let (second, _) = begin(&cache, "send_message", send());
    assert_eq!(requested(second.as_ref()), request);
    let tried = LookupRequest {
        groups: true,
        ..LookupRequest::default()
    };
    cache.land(&second.unwrap(), &tried, NOW);
    let (third, _) = begin(&cache, "send_message", send());
    let rest = requested(third.as_ref());
    assert!(!rest.groups && rest.state && rest.people == request.people);
}

#[test]
fn a_long_list_of_hidden_people_is_looked_up_part_by_part() {
    let hidden: Vec<String> = (0..100)
        .map(|one| format!("\"777000{one:03}@lid\""))
        .collect();
    let text = format!(
        "version = \"1\"\n[recipients]\nallow = [{}]\n",
        hidden.join(", ")
    );
    let policy = Policy::from_toml(crate::backend::specs(), "policy.toml", &text).unwrap();
    let send = json!({ "chat": "15552223333@c.us", "text": "hi" });
    let facts = op::call("send_message", send).unwrap();
    let cache = AttributeCache::default();
    let begin = |now, reserve: &dyn Fn(u32) -> Result<(), Refusal>| {
        let begun = cache.begin(lookups_of(&policy, &facts, &caller(), now), reserve);
        begun.map(|(flight, _)| flight)
    };
    let mut seen = Vec::new();
    while let Some(flight) = begin(NOW, &|_| Ok(())).unwrap() {
        let request = flight.request().clone();
        assert!(request.people.len() <= MAX_PEOPLE_PER_LOOKUP);
        cache.land(&flight, &request, NOW);
        seen.extend(request.people);
    }
    let all: std::collections::HashSet<_> = seen.iter().collect();
    assert_eq!((seen.len(), all.len()), (100, 100));
    // Nobody was found: that is tried again only while there is room for it.
    let later = NOW + Duration::from_secs(60);
    let begun = begin(later, &|_| Ok(())).unwrap().unwrap();
    let tried = LookupRequest {
        people: begun.request().people.iter().take(1).cloned().collect(),
        ..LookupRequest::default()
    };
    // The first of them takes all the time.
    cache.land(&begun, &tried, later);
    let next = begin(later, &|_| Ok(())).unwrap().unwrap();
    let both = |person| begun.request().people.contains(person);
    assert!(!next.request().people.iter().any(both));
    cache.land(&next, &next.request().clone(), later);
    let no_room = |amount: u32| match amount {
        0 => Ok(()),
        _ => Err(Refusal::new(crate::policy::Code::RateLimited, "no room")),
    };
    assert!(begin(later, &no_room).unwrap().is_none());
    let again = begin(later, &|_| Ok(())).unwrap().unwrap();
    assert_eq!(again.request().people.len(), MAX_PEOPLE_PER_LOOKUP);
}

#[test]
fn names_of_groups_age_and_a_group_without_one_is_looked_for() {
    let cache = AttributeCache::default();
    let [listed, other] = ["12345678@g.us", "87654321@g.us"];
    let facts =
        |chat: &str| op::call("send_message", json!({ "chat": chat, "text": "hi" })).unwrap();
    let begin = |chat: &str, now: Duration| {
        let (policy, facts, caller) = (policy(), facts(chat), caller());
        let begun = cache.begin(lookups_of(&policy, &facts, &caller, now), |_| Ok(()));
        begun.unwrap().0
    };
    let looks = |chat: &str, now: Duration| requested(begin(chat, now).as_ref()).groups;
    let list = |names: &[(&str, &str)], now| {
        let named = names.iter();
        let named = named.map(|(name, id)| ((*name).to_owned(), GroupId::parse(id).unwrap()));
        cache.apply(Identities::default(), Some(named.collect()), None, now);
    };
    let minute = Duration::from_secs(60);
    assert!(looks(listed, NOW));
    list(&[("Team", listed)], NOW);
    assert!(!looks(listed, NOW + minute));
    // Whoever asks for a group that was not listed has the list read again.
    assert!(!looks(other, NOW + minute / 2));
    assert!(looks(other, NOW + minute));
    list(&[("Team", listed)], NOW + minute);
    assert!(!looks(listed, NOW + MAX_NAMES_AGE));
    let flight = begin(listed, NOW + minute + MAX_NAMES_AGE).unwrap();
    // It fails: what was known is too old to be used.
    let id = ChatId::parse(listed).unwrap();
    assert!(cache.groups().knows(&id));
    let tried = flight.request().clone();
    cache.land(&flight, &tried, NOW + minute + MAX_NAMES_AGE);
    assert!(!cache.groups().knows(&id));
    assert!(!looks(listed, NOW + minute + MAX_NAMES_AGE));
    // An empty list is no knowledge.
    list(&[], NOW + 20 * minute);
    assert!(!cache.groups().knows(&id));
    assert!(looks(listed, NOW + 21 * minute));
}

use proptest::prelude::*;

use super::*;

#[test]
fn groups_are_read() {
    for id in ["120363025246125486@g.us", "4915112345678-1600000000@g.us"] {
        assert_eq!(GroupId::parse(id).unwrap().as_str(), id);
    }
}

#[test]
fn another_kind_is_named() {
    for (id, kind) in [
        ("15552223333@c.us", "is a person id"),
        ("1@lid", "is a person id"),
        ("120363@newsletter", "is a channel id"),
        ("status@broadcast", "is a broadcast list"),
        ("../../sessions/default/logout", "is not a group id"),
        ("120363025246125486", "is not a group id"),
        ("..@g.us", "is not a group id"),
    ] {
        let said = GroupId::parse(id).unwrap_err().to_string();
        assert!(said.contains(kind), "{said}");
        assert!(said.contains("`list_groups` returns"), "{said}");
    }
}

#[test]
fn numbers_are_read_in_any_spelling() {
    for text in [
        "+49 151 12345678",
        "0049-151-12345678",
        "(49) 151.12345678",
        "4915112345678",
    ] {
        assert_eq!(PhoneNumber::parse(text).unwrap().digits(), "4915112345678");
    }
    for text in [
        "",
        "0151 1234567",
        "+49 abc",
        "1234",
        "1234567890123456",
        "+",
    ] {
        assert!(PhoneNumber::parse(text).is_err(), "{text}");
    }
}

#[test]
fn a_person_has_one_spelling() {
    let one = PersonId::parse("15552223333@c.us");
    assert_eq!(one, PersonId::parse("15552223333:7@s.whatsapp.net"));
    assert_ne!(one, PersonId::parse("15552223333@lid"));
    assert_eq!(one, PersonId::parse("+1 555 222 3333"));
    assert_eq!(
        ChatId::parse("0015552223333").ok(),
        one.as_ref().ok().map(ChatId::from)
    );
    assert!(PersonId::parse("1203@g.us").is_err());
    assert!(PersonId::parse("12:..@c.us").is_ok());
    assert!(PersonId::parse("..@c.us").is_err());
}

#[test]
fn an_id_with_a_leading_zero_is_no_person() {
    for id in [
        "015552223333@c.us",
        "0@c.us",
        "00777@lid",
        "05552223333:7@s.whatsapp.net",
    ] {
        assert!(PersonId::parse(id).is_err(), "{id}");
        assert!(ChatId::parse(id).is_err(), "{id}");
        let message = format!("true_{id}_3EB0");
        assert!(MessageId::parse(&message).is_err(), "{id}");
    }
}

#[test]
fn a_person_without_a_number_is_one() {
    for (id, is) in [
        ("anna.b@c.us", "anna.b@c.us"),
        ("Anna_7:2@s.whatsapp.net", "Anna_7@c.us"),
        ("anna@lid", "anna@lid"),
        ("US.13491208655302741918", "US.13491208655302741918@c.us"),
        ("BR.ENT.118157@c.us", "BR.ENT.118157@c.us"),
    ] {
        let person = PersonId::parse(id).unwrap();
        assert_eq!(person.as_str(), is);
        assert!(person.is_hidden() && !person.is_lid(), "{id}");
        assert_eq!(
            Ok(person),
            PersonId::parse(
                &id.to_uppercase()
                    .replace("@C.US", "@lid")
                    .replace("@S.WHATSAPP.NET", "@c.us")
                    .replace("@LID", "@c.us")
            )
        );
    }
    for id in [
        "Dr.Who",
        "anna",
        "us.1349",
        "USA.1349",
        "US.13_49",
        ".a@c.us",
        "a.@c.us",
        "a..b@c.us",
        "a/b@c.us",
        "a%2e@c.us",
        "ä7@c.us",
        "..@c.us",
    ] {
        assert!(PersonId::parse(id).is_err(), "{id}");
    }
    let long = format!("US.{}@c.us", "1".repeat(133));
    assert!(PersonId::parse(&long).is_err());
}

#[test]
fn a_number_has_two_spellings_where_a_digit_is_optional() {
    let spellings = |id: &str| {
        let all = PersonId::parse(id).unwrap().spellings();
        let mut all: Vec<String> = all.iter().map(|one| one.local().to_owned()).collect();
        all.sort();
        all.dedup();
        all
    };
    for (long, short) in [
        ("5511987654321", "551187654321"),
        ("5215512345678", "525512345678"),
        ("5491123456789", "541123456789"),
    ] {
        let both = [long, short].map(|one| PersonId::parse(one).unwrap());
        assert_eq!(both[0], both[1]);
        assert_eq!(both[0].key(), both[1].key());
        assert_eq!(
            both.map(|one| one.as_str().to_owned()),
            [long, short].map(|one| format!("{one}@c.us"))
        );
        let mut wanted = vec![long, short];
        wanted.sort_unstable();
        assert_eq!(spellings(long), wanted);
        assert_eq!(spellings(short), wanted);
        assert_ne!(
            PersonId::parse(&format!("{long}@lid")),
            PersonId::parse(&format!("{short}@lid"))
        );
    }
    for one in ["15552223333", "551132654321", "5511932654321", "77@lid"] {
        assert_eq!(spellings(one).len(), 1, "{one}");
    }
}

proptest! {
    #[test]
    fn one_person_has_one_key(one in "5[245][19]?[0-9]{1,2}9?[2-9][0-9]{7}", other in "5[245][19]?[0-9]{1,2}9?[2-9][0-9]{7}") {
        let (one, other) = (PersonId::parse(&format!("{one}@c.us")).unwrap(), PersonId::parse(&format!("{other}@c.us")).unwrap());
        prop_assert_eq!(one == other, one.key() == other.key());
        for spelling in one.spellings() {
            prop_assert_eq!(&spelling, &one);
            let set = std::collections::HashSet::from([spelling]);
            prop_assert!(set.contains(&one));
        }
        prop_assert_eq!(PersonId::parse(&one.key()).unwrap(), one);
    }
}

#[test]
fn a_message_id_has_three_forms() {
    for (id, rebuilt) in [
        ("3EB042AD7933EC545A31D6", "3EB042AD7933EC545A31D6"),
        (" true_15552223333@c.us_3EB0 ", "true_15552223333@c.us_3EB0"),
        (
            "true_15552223333:7@s.whatsapp.net_3EB0",
            "true_15552223333@c.us_3EB0",
        ),
        (
            "false_1203630@g.us_AAAA_999@lid",
            "false_1203630@g.us_AAAA_999@lid",
        ),
        (
            "true_1203630@g.us_AAAA_15550001111@s.whatsapp.net",
            "true_1203630@g.us_AAAA_15550001111@c.us",
        ),
        (
            "false_1203630@newsletter_AAAA",
            "false_1203630@newsletter_AAAA",
        ),
        (
            "true_15550001111@c.us_3EB0_out",
            "true_15550001111@c.us_3EB0_out",
        ),
    ] {
        assert_eq!(MessageId::parse(id).unwrap().as_str(), rebuilt);
    }
    for id in [
        "",
        "..",
        "._",
        "_",
        "a/b",
        "a b",
        "a%2e",
        "ü",
        "15552223333@c.us",
        "x_15552223333@c.us_3EB0",
        "True_15552223333@c.us_3EB0",
        "_15552223333@c.us_3EB0",
        "true__3EB0",
        "true_15552223333_3EB0",
        "true_15552223333@c.us",
        "true_15552223333@c.us_",
        "true_15552223333@c.us_a@b",
        "true_15552223333@x.y_3EB0",
        "true_status@broadcast_3EB0_15552223333@c.us",
        "true_1203630@g.us_AAAA_",
        "true_1203630@g.us_AAAA_999",
        "true_1203630@g.us_AAAA_1203630@g.us",
        "true_1203630@g.us_AAAA_999@lid_out",
        "false_true_15552223333@c.us_3EB0",
    ] {
        assert!(MessageId::parse(id).is_err(), "{id}");
    }
    assert!(MessageId::parse(&"a".repeat(161)).is_err());
}

#[test]
fn a_message_is_held_against_its_chat() {
    let ann = ChatId::parse("+1 555 222 3333").unwrap();
    let group = ChatId::parse("120363025246125486@g.us").unwrap();
    for (id, chat, fits) in [
        ("true_15552223333@c.us_3EB0", &ann, true),
        ("true_15552223333@c.us_3EB0", &group, false),
        ("false_120363025246125486@g.us_3EB0_99@lid", &group, true),
        ("false_120363025246125486@g.us_3EB0_99@lid", &ann, false),
        ("3EB0", &ann, true),
    ] {
        assert_eq!(
            MessageId::parse(id).unwrap().is_of(chat).is_ok(),
            fits,
            "{id}"
        );
    }
    let hidden = MessageId::parse("false_99@lid_3EB0").unwrap();
    let advice = hidden.is_of(&ann).unwrap_err().to_string();
    assert!(advice.ends_with("give `99@lid` as the chat"), "{advice}");
}

#[test]
fn an_invitation_has_one_spelling() {
    let code = InviteCode::parse("ABCDEF123456");
    for text in [
        "https://chat.whatsapp.com/ABCDEF123456",
        "http://chat.whatsapp.com/invite/ABCDEF123456/",
        " chat.whatsapp.com/ABCDEF123456?mode=ac_t#x ",
    ] {
        assert_eq!(InviteCode::parse(text), code, "{text}");
    }
    assert_eq!(
        code.unwrap().link(),
        "https://chat.whatsapp.com/ABCDEF123456"
    );
    for text in [
        "",
        "undefined",
        "https://example.com/ABCDEF123456",
        "https://chat.whatsapp.com/../../sessions",
        "120363025246125486@g.us",
    ] {
        let said = InviteCode::parse(text).unwrap_err().to_string();
        assert!(text.is_empty() || !said.contains(text), "{said}");
    }
}

fn chat() -> impl Strategy<Value = ChatId> {
    let text = "[1-9][0-9]{6,14}@(c\\.us|lid|g\\.us|newsletter)";
    text.prop_map(|text| ChatId::parse(&text).unwrap())
}

proptest! {
    #[test]
    fn parsing_never_panics_and_round_trips(text in any::<String>()) {
        if let Ok(id) = GroupId::parse(&text) {
            prop_assert_eq!(GroupId::parse(id.as_str()), Ok(id));
        }
        if let Ok(number) = PhoneNumber::parse(&text) {
            prop_assert_eq!(PhoneNumber::parse(number.digits()), Ok(number));
        }
        if let Ok(person) = PersonId::parse(&text) {
            prop_assert_eq!(PersonId::parse(person.as_str()), Ok(person));
        }
        if let Ok(invite) = InviteCode::parse(&text) {
            prop_assert_eq!(InviteCode::parse(&invite.link()), Ok(invite));
        }
        if let Ok(chat) = ChatId::parse(&text) {
            prop_assert_eq!(ChatId::parse(chat.as_str()), Ok(chat));
        }
    }

    #[test]
    fn what_looks_like_an_id_round_trips(
        text in "(\\+|00)?[0-9 :.-]{0,20}(@(c\\.us|s\\.whatsapp\\.net|lid|g\\.us|newsletter|broadcast))?"
    ) {
        let person = PersonId::parse(&text);
        let chat = ChatId::parse(&text);
        if let Ok(person) = &person {
            prop_assert_eq!(PersonId::parse(person.as_str()), Ok(person.clone()));
            prop_assert_eq!(chat.as_ref().ok(), Some(&ChatId::from(person)));
        }
        if let Ok(chat) = &chat {
            prop_assert_eq!(ChatId::parse(chat.as_str()), Ok(chat.clone()));
        }
        if let Ok(group) = GroupId::parse(&text) {
            prop_assert!(person.is_err());
            prop_assert_eq!(GroupId::parse(group.as_str()), Ok(group));
        }
    }

    #[test]
    fn a_message_id_names_the_chat_given_or_none(
        text in "\\PC{0,170}|[A-Za-z0-9@._:-]{0,170}|(true|false|x|)?_?[0-9]{1,12}(:[0-9])?(@(c\\.us|lid|g\\.us|newsletter|broadcast|s\\.whatsapp\\.net))?_[A-Z0-9_]{0,6}(_?[0-9]{1,9}@(c\\.us|lid))?",
        chat in chat(),
    ) {
        if let Ok(id) = MessageId::parse(&text) {
            prop_assert!(!id.as_str().contains(['/', '%', '?', '#', ' ', '\\']) && id.as_str().len() <= 160);
            prop_assert_eq!(id.as_str().contains('_'), id.chat().is_some());
            // Whoever splits the id at `_` finds the chat that was checked.
            let named = id.as_str().split('_').nth(1).map(|chat| ChatId::parse(chat).unwrap());
            prop_assert_eq!(named.as_ref(), id.chat());
            prop_assert_eq!(id.is_of(&chat).is_ok(), id.chat().is_none_or(|named| *named == chat));
            prop_assert!(id.as_str().split('_').any(|part| part == id.key()));
            prop_assert_eq!(MessageId::parse(id.as_str()), Ok(id));
        }
    }

    #[test]
    fn a_rebuilt_message_id_parses_to_itself(chat in chat(), own: bool, key in "[A-Z0-9.:-]{0,12}[A-Z0-9]") {
        let id = MessageId::of_chat(&chat, own, &key).unwrap();
        prop_assert_eq!(MessageId::parse(id.as_str()), Ok(id.clone()));
        prop_assert_eq!((id.chat(), id.key()), (Some(&chat), key.as_str()));
        prop_assert!(id.is_of(&chat).is_ok());
    }

    #[test]
    fn every_number_reads_back(digits in "[1-9][0-9]{6,14}") {
        let number = PhoneNumber::parse(&format!("+{digits}")).unwrap();
        prop_assert_eq!(number.digits(), digits);
    }
}

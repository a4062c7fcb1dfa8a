//! How much memory a JSON text takes as a tree, told before it becomes one.

/// An object with members: the first node of its map.
const OBJECT_BYTES: usize = 640;

/// An array with items: its first allocation.
const ARRAY_BYTES: usize = 128;

/// A further item, in a list that grows by doubling.
const ITEM_BYTES: usize = 64;

/// A member, beside its comma and the allocation of its name: its place in a large map.
const MEMBER_BYTES: usize = 32;

/// One end of a string: half of what a small allocation takes.
const QUOTE_BYTES: usize = 16;

/// What a JSON text takes at most as a tree, in bytes; zero for a text that is no list and
/// no object. Each byte is read once. How deep a tree may be is `serde_json`'s own limit.
pub fn tree_bytes(text: &[u8]) -> usize {
    let text = text.trim_ascii_start();
    if !text.starts_with(b"[") && !text.starts_with(b"{") {
        return 0;
    }
    let mut bytes = text.len();
    let mut rest = text.iter();
    while let Some(&byte) = rest.next() {
        bytes += match byte {
            b',' => ITEM_BYTES,
            b':' => MEMBER_BYTES,
            b'{' => OBJECT_BYTES,
            b'[' => ARRAY_BYTES,
            b'"' => {
                skip_string(&mut rest);
                2 * QUOTE_BYTES
            }
            _ => 0,
        };
    }
    bytes
}

/// Goes past the end of a string.
fn skip_string(rest: &mut std::slice::Iter<'_, u8>) {
    while let Some(&byte) = rest.next() {
        match byte {
            b'"' => return,
            b'\\' => {
                rest.next();
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn text_in_strings_costs_its_length() {
        let text = json!(vec!["{[,:,\":[{"; 3]).to_string();
        assert_eq!(
            tree_bytes(text.as_bytes()),
            text.len() + ARRAY_BYTES + 2 * ITEM_BYTES + 6 * QUOTE_BYTES
        );
        assert_eq!(tree_bytes(b"<html>,,,,[[[["), 0);
    }

    #[test]
    fn a_list_of_a_thousand_chats_is_small() {
        let message = json!({
            "id": "false_15552223333@c.us_3EB042AD7933EC545A31D6", "timestamp": 1_700_000_000,
            "from": "15552223333@c.us", "body": "See you then", "hasMedia": false, "ack": 1,
            "_data": { "key": { "remoteJid": "15552223333@s.whatsapp.net", "fromMe": false,
                "id": "3EB042AD7933EC545A31D6" }, "message": { "conversation": "See you then",
                "messageContextInfo": { "deviceListMetadata": { "senderKeyHash": "a",
                "senderTimestamp": "1", "recipientKeyHash": "b" } } }, "status": 3 },
        });
        let chat = json!({ "id": "15552223333@c.us", "name": "Ann", "picture": null,
            "lastMessage": message, "_chat": { "id": "15552223333@c.us", "unreadCount": 2 } });
        let text = json!(vec![chat; 1000]).to_string();
        let bytes = tree_bytes(text.as_bytes());
        assert!(bytes < 16 << 20, "{bytes}");
    }

    proptest! {
        #[test]
        fn any_text_is_read_to_its_end(text in prop::collection::vec(any::<u8>(), 0..200)) {
            let begins = text.trim_ascii_start().first();
            let is_tree = begins.is_some_and(|byte| b"[{".contains(byte));
            prop_assert_eq!(tree_bytes(&text) > 0, is_tree);
        }
    }
}

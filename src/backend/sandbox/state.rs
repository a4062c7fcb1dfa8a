//! What the sandbox remembers.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

/// How long the pretended phone takes to scan a code once it was shown.
const SCAN_AFTER: Duration = Duration::from_secs(3);

/// The account that scans the code.
const ME: &str = "15550001111@c.us";

/// A session and its groups.
pub(super) struct State {
    status: Status,
    linked: bool,
    shown: Option<Instant>,
    codes: u32,
    groups: BTreeMap<&'static str, Group>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Stopped,
    ScanQrCode,
    Working,
}

struct Group {
    subject: &'static str,
    members: &'static [(&'static str, Option<&'static str>)],
}

impl Default for State {
    fn default() -> Self {
        let groups = [
            (
                "120363000000000001@g.us",
                "Family",
                [
                    (ME, Some("superadmin")),
                    ("15552220001@c.us", None),
                    ("15552220002@c.us", None),
                ]
                .as_slice(),
            ),
            (
                "120363000000000002@g.us",
                "Old flatmates",
                &[
                    ("15552220003@c.us", Some("superadmin")),
                    (ME, None),
                    ("15552220004@c.us", None),
                    ("15552220005@c.us", None),
                ],
            ),
            (
                "120363000000000003@g.us",
                "Book club",
                &[
                    ("15552220006@c.us", Some("superadmin")),
                    ("15552220007@c.us", Some("admin")),
                    (ME, Some("admin")),
                ],
            ),
        ];
        Self {
            status: Status::Stopped,
            linked: false,
            shown: None,
            codes: 0,
            groups: groups
                .into_iter()
                .map(|(id, subject, members)| (id, Group { subject, members }))
                .collect(),
        }
    }
}

impl Status {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Stopped => "STOPPED",
            Self::ScanQrCode => "SCAN_QR_CODE",
            Self::Working => "WORKING",
        }
    }
}

impl State {
    /// The status now; a code that was shown is scanned after a while.
    pub(super) fn status(&mut self) -> Status {
        if self
            .shown
            .is_some_and(|shown| shown.elapsed() >= SCAN_AFTER)
        {
            self.scan();
        }
        self.status
    }

    pub(super) fn scan(&mut self) {
        if self.status == Status::ScanQrCode {
            (self.status, self.linked, self.shown) = (Status::Working, true, None);
        }
    }

    pub(super) fn start(&mut self) {
        self.status = if self.linked {
            Status::Working
        } else {
            Status::ScanQrCode
        };
    }

    pub(super) fn stop(&mut self) {
        (self.status, self.shown) = (Status::Stopped, None);
    }

    pub(super) fn logout(&mut self) {
        self.linked = false;
        if self.status == Status::Working {
            self.status = Status::ScanQrCode;
        }
    }

    /// Shows a code, a new one each time.
    pub(super) fn show_code(&mut self) -> u32 {
        self.shown.get_or_insert_with(Instant::now);
        self.codes += 1;
        self.codes
    }

    pub(super) fn session(&mut self) -> Value {
        let status = self.status();
        let me = (status == Status::Working).then(|| json!({ "id": ME, "pushName": "Sandbox" }));
        json!({ "name": "default", "status": status.name(), "config": null, "me": me, "engine": { "engine": "NOWEB" } })
    }

    pub(super) fn groups(&self) -> Value {
        self.groups
            .iter()
            .map(|(id, group)| ((*id).to_owned(), group.json(id)))
            .collect()
    }

    pub(super) fn group(&self, id: &str) -> Option<Value> {
        self.groups.get(id).map(|group| group.json(id))
    }

    pub(super) fn members(&self, id: &str) -> Option<Value> {
        let member = |(id, admin): &(&str, Option<&str>)| json!({ "id": id, "role": admin.unwrap_or("participant") });
        self.groups
            .get(id)
            .map(|group| group.members.iter().map(member).collect())
    }

    pub(super) fn leave(&mut self, id: &str) {
        self.groups.remove(id);
    }
}

impl Group {
    fn json(&self, id: &str) -> Value {
        let member = |(id, admin): &(&str, Option<&str>)| json!({ "id": id.replace("@c.us", "@s.whatsapp.net"), "admin": admin });
        json!({
            "id": id,
            "subject": self.subject,
            "size": self.members.len(),
            "creation": 1_700_000_000,
            "participants": self.members.iter().map(member).collect::<Value>(),
        })
    }
}

//! Accounts in which each tool that changes something has something to change, and whose
//! API answers every change as a test says.

mod green_api;
mod waha;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::{Value, json};
use whatsapp_guard::{
    config::Timeouts,
    op::{Risk, catalogue},
};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate, matchers::any};

use crate::app::{self, TestServer};

/// Longer than any test waits for an answer.
const NEVER: Duration = Duration::from_secs(60);

const PERSON: &str = "15552220001@c.us";
const GROUP: &str = "120363000000000001@g.us";
const OWN: &str = "15550001111@c.us";

/// The APIs that are played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Api {
    Waha,
    GreenApi,
}

pub const APIS: [Api; 2] = [Api::Waha, Api::GreenApi];

/// An account for one tool.
pub struct World {
    pub api: Api,
    pub tool: &'static str,
    pub app: TestServer,
    mock: MockServer,
    change: Arc<Mutex<ResponseTemplate>>,
    reads: Arc<Mutex<Reads>>,
}

/// How reads are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reads {
    Answered,
    Broken,
    /// As [`Reads::Answered`] until the first change, then never.
    HangAfterChange,
    Hanging,
}

/// Answers reads as an account of this tool does, and changes as the test says.
struct Player {
    api: Api,
    tool: &'static str,
    change: Arc<Mutex<ResponseTemplate>>,
    reads: Arc<Mutex<Reads>>,
}

impl Respond for Player {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let read = match self.api {
            Api::Waha => waha::read(self.tool, request),
            Api::GreenApi => green_api::read(self.tool, request),
        };
        let mut reads = self.reads.lock().unwrap();
        let Some(body) = read else {
            if *reads == Reads::HangAfterChange {
                *reads = Reads::Hanging;
            }
            return self.change.lock().unwrap().clone();
        };
        let answer = ResponseTemplate::new(200).set_body_json(body);
        match *reads {
            Reads::Answered | Reads::HangAfterChange => answer,
            Reads::Broken => ResponseTemplate::new(502),
            Reads::Hanging => answer.set_delay(NEVER),
        }
    }
}

/// Short waits for what does not come.
pub fn short() -> Timeouts {
    Timeouts {
        // Each request is answered, however busy the machine is.
        answer: NEVER,
        open: Duration::from_millis(20),
        settle: Duration::from_millis(15),
        confirm: Duration::from_millis(15),
        ..app::timeouts()
    }
}

/// The same, where only the deadline of a verification ends a read that hangs.
pub fn hanging() -> Timeouts {
    Timeouts {
        observe: Duration::from_millis(50),
        ..short()
    }
}

/// The tools that change something.
pub fn changing_tools() -> Vec<&'static str> {
    let changing = catalogue().iter().filter(|entry| entry.risk != Risk::Read);
    changing.map(|entry| entry.name).collect()
}

impl World {
    /// `None` where the API does not have the tool.
    pub async fn open(api: Api, tool: &'static str, timeouts: Timeouts) -> Option<Self> {
        let mock = MockServer::start().await;
        let change = Arc::new(Mutex::new(ResponseTemplate::new(404)));
        let reads = Arc::new(Mutex::new(Reads::Answered));
        let player = Player {
            api,
            tool,
            change: change.clone(),
            reads: reads.clone(),
        };
        Mock::given(any()).respond_with(player).mount(&mock).await;
        let app = match api {
            Api::Waha => app::waha_with(&mock, timeouts),
            Api::GreenApi => app::green_api_with(&mock, timeouts),
        };
        let app = app.start().await;
        app.backend.tools().get(tool)?;
        Some(Self {
            api,
            tool,
            app,
            mock,
            change,
            reads,
        })
    }

    /// Calls the tool with this answer to every change that it makes.
    pub async fn call(&mut self, answer: &ResponseTemplate) -> Value {
        *self.change.lock().unwrap() = answer.clone();
        let tools = self.app.backend.tools();
        let mut arguments = app::arguments(tools.get(self.tool).unwrap());
        if self.tool == "open_session" {
            arguments["phone_number"] = json!("+15550001111");
        }
        self.app.call(self.tool, arguments).await
    }

    /// From now on reads fail.
    pub fn break_reads(&self) {
        *self.reads.lock().unwrap() = Reads::Broken;
    }

    /// Reads are answered until the next change, and never after it.
    pub fn hang_reads_after_change(&self) {
        *self.reads.lock().unwrap() = Reads::HangAfterChange;
    }

    /// How many requests were received after the first change.
    pub async fn requests_after_change(&self) -> usize {
        let requests = self.mock.received_requests().await.unwrap();
        let first = requests.iter().position(|one| self.is_change(one));
        first.map_or(0, |first| requests.len() - first - 1)
    }

    /// How many changes were requested.
    pub async fn changes(&self) -> usize {
        let requests = self.mock.received_requests().await.unwrap();
        requests.iter().filter(|one| self.is_change(one)).count()
    }

    fn is_change(&self, request: &Request) -> bool {
        match self.api {
            Api::Waha => waha::read(self.tool, request).is_none(),
            Api::GreenApi => green_api::read(self.tool, request).is_none(),
        }
    }
}

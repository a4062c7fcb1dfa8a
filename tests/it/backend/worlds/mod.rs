//! Accounts in which each tool that changes something has something to change, and whose
//! API answers every change as a test says.

mod green_api;
mod waha;

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};
use whatsapp_guard::{
    config::Timeouts,
    op::{Risk, catalogue},
};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate, matchers::any};

use crate::app::{self, TestServer};

const PERSON: &str = "15552220001@c.us";
const GROUP: &str = "120363000000000001@g.us";
const OWN: &str = "15550001111@c.us";

/// How long an answer may take while all worlds are opened at once.
const PATIENCE: Duration = Duration::from_secs(8);

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
    broken: Arc<AtomicBool>,
}

/// Answers reads as an account of this tool does, and changes as the test says.
struct Player {
    api: Api,
    tool: &'static str,
    change: Arc<Mutex<ResponseTemplate>>,
    broken: Arc<AtomicBool>,
}

impl Respond for Player {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let read = match self.api {
            Api::Waha => waha::read(self.tool, request),
            Api::GreenApi => green_api::read(self.tool, request),
        };
        match read {
            Some(_) if self.broken.load(Ordering::Relaxed) => ResponseTemplate::new(502),
            Some(body) => ResponseTemplate::new(200).set_body_json(body),
            None => self.change.lock().unwrap().clone(),
        }
    }
}

/// The tools that change something.
pub fn changing_tools() -> Vec<&'static str> {
    let changing = catalogue().iter().filter(|entry| entry.risk != Risk::Read);
    changing.map(|entry| entry.name).collect()
}

impl World {
    /// `None` where the API does not have the tool.
    pub async fn open(api: Api, tool: &'static str) -> Option<Self> {
        Self::open_within(api, tool, PATIENCE).await
    }

    /// As [`World::open`], where an answer has this time.
    pub async fn open_within(api: Api, tool: &'static str, answer: Duration) -> Option<Self> {
        let mock = MockServer::start().await;
        let change = Arc::new(Mutex::new(ResponseTemplate::new(404)));
        let broken = Arc::new(AtomicBool::new(false));
        let player = Player {
            api,
            tool,
            change: change.clone(),
            broken: broken.clone(),
        };
        Mock::given(any()).respond_with(player).mount(&mock).await;
        let timeouts = Timeouts {
            answer,
            open: Duration::from_millis(20),
            settle: Duration::from_millis(15),
            confirm: Duration::from_millis(15),
            ..app::timeouts()
        };
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
            broken,
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
        self.broken.store(true, Ordering::Relaxed);
    }

    /// How many changes were requested.
    pub async fn changes(&self) -> usize {
        let requests = self.mock.received_requests().await.unwrap();
        let is_change = |one: &&Request| match self.api {
            Api::Waha => waha::read(self.tool, one).is_none(),
            Api::GreenApi => green_api::read(self.tool, one).is_none(),
        };
        requests.iter().filter(is_change).count()
    }
}

//! Builds the server under test.

use super::*;

/// The settings of a server that is to be started.
pub struct ServerBuilder {
    config: Config,
    /// Several accounts by name. `config` is the configuration of the first one.
    named: Vec<(String, Config)>,
    policy: String,
    policy_file: Option<PathBuf>,
    era: Era,
    person: Person,
    audit: Option<PathBuf>,
    ledger: Option<PathBuf>,
    answer: AnswerSize,
    grant: String,
}

/// Timeouts that are short enough for tests and long enough for a busy machine.
pub fn timeouts() -> Timeouts {
    Timeouts {
        answer: Duration::from_secs(2),
        look: Duration::from_millis(5),
        open: Duration::from_millis(300),
        settle: Duration::from_millis(60),
        confirm: Duration::from_millis(60),
        observe: Duration::from_secs(2),
    }
}

/// What an environment with these variables configures.
pub fn config(variables: &[(&str, &str)], timeouts: Timeouts) -> Config {
    let lookup = |name: &str| {
        let found = variables.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    let mut config = Config::read(None, specs(), &lookup).unwrap_or_else(|wrong| panic!("{wrong}"));
    config.timeouts = timeouts;
    config
}

pub fn waha(mock: &MockServer) -> ServerBuilder {
    waha_with(mock, timeouts())
}

pub fn waha_config(mock: &MockServer) -> Config {
    waha(mock).config
}

pub fn waha_with(mock: &MockServer, timeouts: Timeouts) -> ServerBuilder {
    let variables = [("WAHA_BASE_URL", &*mock.uri()), ("WAHA_API_KEY", SECRET)];
    ServerBuilder::new(config(&variables, timeouts))
}

pub fn waha_with_media(mock: &MockServer, media: MediaRules) -> ServerBuilder {
    waha(mock).taking(media)
}

pub fn green_api(mock: &MockServer) -> ServerBuilder {
    green_api_with(mock, timeouts())
}

pub fn green_api_with(mock: &MockServer, timeouts: Timeouts) -> ServerBuilder {
    let variables = [
        ("GREENAPI_API_URL", &*mock.uri()),
        ("GREENAPI_MEDIA_URL", &*mock.uri()),
        ("GREENAPI_ID_INSTANCE", "7103000000"),
        ("GREENAPI_API_TOKEN", SECRET),
    ];
    ServerBuilder::new(config(&variables, timeouts))
}

pub fn green_api_with_media(mock: &MockServer, media: MediaRules) -> ServerBuilder {
    green_api(mock).taking(media)
}

/// Several accounts, which the policy must name too.
pub fn accounts(named: &[(&str, Config)]) -> ServerBuilder {
    let named = named
        .iter()
        .map(|(name, config)| ((*name).to_owned(), config.clone()));
    let named: Vec<_> = named.collect();
    ServerBuilder {
        named: named.clone(),
        ..ServerBuilder::new(named[0].1.clone())
    }
}

pub fn sandbox_config() -> Config {
    config(&[], timeouts())
}

pub fn green_api_config(mock: &MockServer) -> Config {
    green_api(mock).config
}

pub fn sandbox() -> ServerBuilder {
    sandbox_with_media(MediaRules::default())
}

/// The tools of a sandbox that is not started, with the authority over them.
pub fn sandbox_toolset() -> (Toolset, Authority) {
    backend::open(&sandbox_config()).unwrap().toolset()
}

pub fn sandbox_with_media(media: MediaRules) -> ServerBuilder {
    ServerBuilder::new(sandbox_config()).taking(media)
}

impl ServerBuilder {
    fn new(config: Config) -> Self {
        Self {
            config,
            named: Vec::new(),
            policy: OPEN.into(),
            policy_file: None,
            era: Era::Legacy,
            person: Person::Accepts,
            audit: None,
            ledger: None,
            answer: AnswerSize::default(),
            grant: LOCAL.into(),
        }
    }

    fn taking(mut self, media: MediaRules) -> Self {
        self.config.media = media;
        self
    }

    pub fn grant(mut self, grant: &str) -> Self {
        self.grant = grant.into();
        self
    }

    pub fn policy(mut self, policy: &str) -> Self {
        self.policy = policy.into();
        self
    }

    /// Loads the policy from a file, with its includes.
    pub fn policy_at(mut self, path: &Path) -> Self {
        self.policy_file = Some(path.to_owned());
        self
    }

    pub fn era(mut self, era: Era) -> Self {
        self.era = era;
        self
    }

    pub fn person(mut self, person: Person) -> Self {
        self.person = person;
        self
    }

    pub fn answering_within(mut self, bytes: usize) -> Self {
        self.answer = AnswerSize::new(bytes).unwrap();
        self
    }

    /// Keeps the ledger in a file.
    pub fn ledger(mut self, path: PathBuf) -> Self {
        self.ledger = Some(path);
        self
    }

    pub fn audit(mut self, path: PathBuf) -> Self {
        self.audit = Some(path);
        self
    }

    /// Starts the sandbox with a linked account.
    pub async fn linked(self) -> TestServer {
        let mut app = self.start().await;
        app.call("open_session", json!({})).await;
        assert!(app.backend.scan(), "a sandbox");
        app
    }

    pub async fn start(self) -> TestServer {
        let folder = TempDir::new().unwrap();
        let audit_path = self
            .audit
            .unwrap_or_else(|| folder.path().join("audit.jsonl"));
        let policy = match &self.policy_file {
            Some(path) => {
                let loaded = Policy::load(specs(), path);
                believing_at_once(loaded.unwrap_or_else(|wrong| panic!("{wrong}")))
            }
            None => policy(&self.policy),
        };
        let (clock, hand) = Clock::manual();
        let audit = Arc::new(Audit::new(Some(audit_path.clone()), clock.clone()).unwrap());
        let ledger = match self.ledger {
            Some(path) => Ledger::at(path, clock.clone()),
            None => Ledger::in_memory(clock.clone()),
        };
        let backend = backend::open(&self.config).unwrap();
        let server = if self.named.is_empty() {
            let (tools, authority) = backend.toolset();
            let gate = Gate::new(authority, policy, &clock, audit.clone(), ledger).unwrap();
            let tools = tools.answering_within(self.answer);
            Server::for_grant(tools, gate, audit, self.grant)
        } else {
            let policy = Arc::new(policy);
            let history = ReadHistory::default();
            let account = |(name, config): &(String, Config)| {
                let ledger = Ledger::in_memory(clock.clone());
                let (tools, authority) = backend::open(config).unwrap().toolset();
                let policy = policy.clone();
                let gate = Gate::new(authority, policy, &clock, audit.clone(), ledger).unwrap();
                Account::new(tools, gate.of_account(name).knowing(history.clone()))
            };
            let others = self.named[1..].iter().map(account).collect();
            Server::for_accounts(account(&self.named[0]), others, audit.clone(), self.grant)
        };
        let (near, far) = tokio::io::duplex(1 << 20);
        let (reader, writer) = tokio::io::split(far);
        tokio::spawn(mcp::serve(server.clone(), reader, writer));
        let (reader, writer) = tokio::io::split(near);
        let mut app = TestServer {
            backend,
            server,
            hand,
            _folder: folder,
            audit_path,
            era: self.era,
            person: self.person,
            reader: BufReader::new(reader).lines(),
            writer,
            last_id: 0,
            questions: Vec::new(),
            progress: Vec::new(),
            changes: Vec::new(),
        };
        if app.era == Era::Legacy {
            let hello = json!({
                "protocolVersion": "2025-11-25",
                "capabilities": app.capabilities(),
                "clientInfo": { "name": "tests", "version": "1" },
            });
            let answer = app.request("initialize", hello).await;
            assert_eq!(answer["result"]["protocolVersion"], "2025-11-25");
            app.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }))
                .await;
        }
        app
    }
}

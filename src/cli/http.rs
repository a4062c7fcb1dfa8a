//! Options of `serve` for HTTP, and what they mean together.

use std::{io::Write, net::SocketAddr, path::PathBuf, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use clap::Args;
use tokio_util::sync::CancellationToken;

use super::CliError;
use crate::{
    http::{
        self,
        auth::{self, Authenticator},
        listen::Listener,
        origins::Origins,
        status,
    },
    mcp::{self, LOCAL, Server},
    sessions::{MAX_SESSIONS, Sessions},
};

/// How long calls under way may still take once the server is stopped.
const GRACE: Duration = Duration::from_secs(10);

/// How the server is reached over HTTP.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "HTTP")]
pub(super) struct HttpOptions {
    /// Serve Streamable HTTP at this address, path /mcp, instead of standard input and output
    #[arg(long, value_name = "ADDRESS", env = "WHATSAPP_GUARD_HTTP")]
    http: Option<SocketAddr>,
    /// Serve standard input and output as well
    #[arg(long, requires = "http")]
    pub(super) stdio: bool,
    /// Host name that clients use for this server, besides this machine's own
    #[arg(long, value_name = "HOST", requires = "http")]
    allow_host: Vec<String>,
    /// Page that may use this server from a browser, as scheme and host
    #[arg(long, value_name = "ORIGIN", requires = "http")]
    allow_origin: Vec<String>,
    /// Certificate chain (PEM)
    #[arg(long, value_name = "FILE", requires_all = ["http", "tls_key"])]
    tls_cert: Option<PathBuf>,
    /// Key of the certificate (PEM)
    #[arg(long, value_name = "FILE", requires_all = ["http", "tls_cert"])]
    tls_key: Option<PathBuf>,
    /// A proxy in front of this server does TLS
    #[arg(long, requires = "http")]
    behind_proxy: bool,
    /// Answer /healthz, /readyz and /metrics at this address; whoever reaches it reads them
    #[arg(long, value_name = "ADDRESS", requires = "http")]
    status: Option<SocketAddr>,
    /// Let everybody on this machine in without a token
    #[arg(long, requires = "http")]
    no_auth: bool,
}

impl HttpOptions {
    /// Whether HTTP is asked for.
    pub(super) const fn is_wanted(&self) -> bool {
        self.http.is_some()
    }

    /// Serves HTTP until `stop`, lets the calls under way end, and then ends what is
    /// still open; nothing where it is not asked for.
    pub(super) async fn serve(
        self,
        server: Server,
        stop: CancellationToken,
    ) -> Result<(), CliError> {
        let Some(address) = self.http else {
            return Ok(());
        };
        self.check(address, &server)?;
        let origins = Origins::new(&self.allow_host, &self.allow_origin).map_err(|entry| {
            CliError::Usage(format!(
                "`{entry}` is no host such as example.com, or no origin such as https://example.com"
            ))
        })?;
        let listener = listen(address).await?;
        let (listener, scheme) = match (&self.tls_cert, &self.tls_key) {
            (Some(certificate), Some(key)) => {
                let secured = listener.with_tls(certificate, key);
                (
                    secured.map_err(|error| CliError::Usage(error.to_string()))?,
                    "https",
                )
            }
            _ => (listener, "http"),
        };
        let mut say = std::io::stderr().lock();
        writeln!(
            say,
            "serving {scheme}://{}{}",
            listener.address()?,
            http::PATH
        )?;
        let authenticator = self.authenticator(&server, &mut say)?;
        let status = match self.status {
            Some(address) => {
                let listener = listen(address).await?;
                writeln!(say, "status at http://{}", listener.address()?)?;
                Some(listener.serve(status::router(server.clone()), stop.clone()))
            }
            None => None,
        };
        drop(say);
        let end = CancellationToken::new();
        let sessions = Sessions::new(server.clock().clone(), MAX_SESSIONS);
        let service = mcp::http_service(server.clone(), sessions.clone(), end.clone());
        let router = http::router(service, origins, authenticator, sessions);
        let ending = async {
            stop.cancelled().await;
            server.drain(GRACE).await;
            end.cancel();
        };
        let status = async {
            if let Some(status) = status {
                status.await;
            }
        };
        tokio::join!(listener.serve(router, stop.clone()), status, ending);
        Ok(())
    }

    /// Refuses to be open to others without a token and TLS.
    fn check(&self, address: SocketAddr, server: &Server) -> Result<(), CliError> {
        let usage = |problem: &str| Err(CliError::Usage(problem.to_owned()));
        if address.ip().is_loopback() {
            return Ok(());
        }
        if self.no_auth {
            return usage("--no-auth is for this machine alone; take a loopback address");
        }
        if !has_tokens(server) {
            return usage(
                "others can reach this address, and no grant has a token; `whatsapp-guard grant new NAME` makes one, [oauth] in the policy takes those of an authorization server",
            );
        }
        if self.tls_cert.is_none() && !self.behind_proxy {
            return usage(
                "others can reach this address and could read the tokens: give --tls-cert and --tls-key, or --behind-proxy if a proxy does TLS",
            );
        }
        Ok(())
    }

    /// How requests are authenticated. Prints the token that is valid for this run, if
    /// the policy has none.
    fn authenticator(
        &self,
        server: &Server,
        say: &mut impl Write,
    ) -> Result<Authenticator, CliError> {
        if self.no_auth {
            return Ok(Authenticator::Anonymous(LOCAL.to_owned()));
        }
        if has_tokens(server) {
            return Ok(Authenticator::for_grants(server.clone()));
        }
        let token = new_token()?;
        writeln!(say, "token for this run: {token}")?;
        Ok(Authenticator::SharedToken(
            LOCAL.to_owned(),
            auth::digest(&token),
        ))
    }
}

async fn listen(address: SocketAddr) -> Result<Listener, CliError> {
    Listener::bind(address)
        .await
        .map_err(|error| CliError::Failed(format!("cannot listen at {address}: {error}")))
}

/// Whether the policy lets anybody in by a token, its own or an authorization server's.
fn has_tokens(server: &Server) -> bool {
    let policy = server.policy();
    policy.oauth().is_some() || policy.tokens().next().is_some()
}

/// A token that nobody can guess.
pub(super) fn new_token() -> Result<String, CliError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)
        .map_err(|error| CliError::Failed(format!("no random bytes for a token: {error}")))?;
    Ok(format!("wg_{}", URL_SAFE_NO_PAD.encode(bytes)))
}

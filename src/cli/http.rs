//! The HTTP options of `serve`.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use clap::Args;
use tokio::time::sleep;
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
    stderr::notify,
};

/// How long the answers of calls that have ended may take to be written, once the server is
/// closed.
const ANSWER_GRACE: Duration = Duration::from_millis(250);

/// How clients reach the server over HTTP.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "HTTP")]
pub(super) struct HttpOptions {
    /// Serve Streamable HTTP at this address, path /mcp, instead of standard input and
    /// output: HOST:PORT, or a port on this machine only (8788, :8788, localhost:8788)
    #[arg(long, value_name = "ADDRESS", env = "WHATSAPP_GUARD_HTTP", value_parser = address)]
    http: Option<SocketAddr>,
    /// Also serve standard input and output
    #[arg(long, requires = "http")]
    pub(super) stdio: bool,
    /// Another host name that clients may use for this server; repeatable
    #[arg(long, value_name = "HOST", requires = "http")]
    allow_host: Vec<String>,
    /// Web origin that may use this server from a browser, as scheme and host; repeatable
    #[arg(long, value_name = "ORIGIN", requires = "http")]
    allow_origin: Vec<String>,
    /// TLS certificate chain (PEM)
    #[arg(long, value_name = "FILE", requires_all = ["http", "tls_key"])]
    tls_cert: Option<PathBuf>,
    /// Private key of the certificate (PEM)
    #[arg(long, value_name = "FILE", requires_all = ["http", "tls_cert"])]
    tls_key: Option<PathBuf>,
    /// A reverse proxy in front of this server terminates TLS
    #[arg(long, requires = "http")]
    behind_proxy: bool,
    /// Serve /healthz, /readyz and /metrics at this address, to everybody who can reach it by
    /// an IP address, as localhost or by a name of --allow-host
    #[arg(long, value_name = "ADDRESS", requires = "http", value_parser = address)]
    status: Option<SocketAddr>,
    /// Accept calls from this machine without a token
    #[arg(long, requires = "http")]
    no_auth: bool,
}

impl HttpOptions {
    /// Whether to serve HTTP.
    pub(super) const fn is_wanted(&self) -> bool {
        self.http.is_some()
    }

    /// Serves HTTP until the server is closed and its calls have ended, then closes the
    /// connections. Returns at once without `--http`.
    pub(super) async fn serve(self, server: Server) -> Result<(), CliError> {
        let stop = CancellationToken::new();
        let Some(address) = self.http else {
            return Ok(());
        };
        self.check(address, &server)?;
        let origins = Origins::new(&self.allow_host, &self.allow_origin).map_err(|entry| {
            CliError::Usage(format!(
                "`{entry}` is not a host such as example.com or an origin such as https://example.com"
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
        let (at, path) = (listener.address()?, http::PATH);
        notify(format!("serving {scheme}://{at}{path}"));
        let authenticator = self.authenticator(&server)?;
        let status = match self.status {
            Some(address) => {
                let listener = listen(address).await?;
                notify(format!("status at http://{}", listener.address()?));
                let router = status::router(server.clone(), origins.clone());
                Some(listener.serve(router, stop.clone()))
            }
            None => None,
        };
        let end = CancellationToken::new();
        let sessions = Sessions::new(server.clock().clone(), MAX_SESSIONS);
        let service = mcp::http_service(server.clone(), sessions.clone(), end.clone());
        let largest = server.max_message_bytes();
        let router = http::router(service, origins, authenticator, sessions, largest);
        let ending = async {
            server.drained().await;
            stop.cancel();
            // What the calls have returned is still to be written.
            sleep(ANSWER_GRACE).await;
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

    /// Refuses addresses that other machines can reach without tokens and TLS.
    fn check(&self, address: SocketAddr, server: &Server) -> Result<(), CliError> {
        let problem = if address.ip().is_loopback() {
            return Ok(());
        } else if self.no_auth {
            "--no-auth is only for this machine; use a loopback address"
        } else if !has_tokens(server) {
            "other machines can reach this address, and no grant has a token; `whatsapp-guard grant new NAME` creates one, or [oauth] in the policy accepts those of an authorization server"
        } else if self.tls_cert.is_none() && !self.behind_proxy {
            "other machines can reach this address and could read the tokens: give --tls-cert and --tls-key, or --behind-proxy if a proxy terminates TLS"
        } else {
            return Ok(());
        };
        Err(CliError::Usage(problem.to_owned()))
    }

    /// How requests are authenticated. Prints the token that is valid for this run, if
    /// the policy has none.
    fn authenticator(&self, server: &Server) -> Result<Authenticator, CliError> {
        if self.no_auth {
            return Ok(Authenticator::Anonymous(LOCAL.to_owned()));
        }
        if has_tokens(server) {
            return Ok(Authenticator::for_grants(server.clone()));
        }
        let token = new_token()?;
        notify(format!("token for this run: {token}"));
        let digest = auth::digest(&token);
        Ok(Authenticator::SharedToken(LOCAL.to_owned(), digest))
    }
}

/// Reads `HOST:PORT`, or a port on the loopback interface: `8788`, `:8788`,
/// `localhost:8788`.
fn address(text: &str) -> Result<SocketAddr, String> {
    let port = ["localhost:", ":", ""]
        .iter()
        .find_map(|prefix| text.strip_prefix(prefix)?.parse().ok());
    match port {
        Some(port) => Ok((Ipv4Addr::LOCALHOST, port).into()),
        None => text.parse().map_err(|_| {
            "write a port such as 8788, or an IP address and a port such as 0.0.0.0:8788".to_owned()
        }),
    }
}

async fn listen(address: SocketAddr) -> Result<Listener, CliError> {
    Listener::bind(address)
        .await
        .map_err(|error| CliError::Failed(format!("cannot listen at {address}: {error}")))
}

/// Whether the policy accepts tokens: its own or those of an authorization server.
fn has_tokens(server: &Server) -> bool {
    let policy = server.policy();
    policy.oauth().is_some() || policy.tokens().next().is_some()
}

/// Generates a token of 256 random bits.
pub(super) fn new_token() -> Result<String, CliError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)
        .map_err(|error| CliError::Failed(format!("no random bytes for a token: {error}")))?;
    Ok(format!("wg_{}", URL_SAFE_NO_PAD.encode(bytes)))
}

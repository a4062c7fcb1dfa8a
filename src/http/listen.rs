//! Accepts connections until the server stops, with a bound on their number and on
//! the time that a client may take.

use std::{io, net::SocketAddr, path::Path, sync::Arc, time::Duration};

use axum::Router;
use hyper::server::conn::http1::Builder;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::{GracefulShutdown, Watcher},
    service::TowerToHyperService,
};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    sync::Semaphore,
    time::timeout,
};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::MAX_HEADER_BYTES;

/// The most connections at a time.
const MAX_CONNECTIONS: usize = 12_000;

/// How long a client may take for the headers of a request, and for the TLS handshake.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

/// The most headers of a request.
const MAX_HEADERS: usize = 64;

/// How long connections may stay open after the server is stopped. It is longer than
/// the time that calls in flight get.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(12);

/// The delay before the next attempt when the system cannot accept a connection.
const ACCEPT_RETRY_DELAY: Duration = Duration::from_millis(50);

/// A bound TCP socket, with TLS if it is configured.
pub struct Listener {
    tcp: TcpListener,
    tls: Option<TlsAcceptor>,
}

impl Listener {
    /// Listens at an address.
    ///
    /// # Errors
    /// If the address is in use or is not an address of this machine.
    pub async fn bind(address: SocketAddr) -> io::Result<Self> {
        let tcp = TcpListener::bind(address).await?;
        Ok(Self { tcp, tls: None })
    }

    /// Adds TLS with a certificate chain and its private key (PEM files).
    ///
    /// # Errors
    /// If a file cannot be read, or if the key does not match the certificate.
    pub fn with_tls(mut self, certificate: &Path, key: &Path) -> io::Result<Self> {
        let chain = CertificateDer::pem_file_iter(certificate)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| io::Error::other(format!("`{}`: {error}", certificate.display())))?;
        let key = PrivateKeyDer::from_pem_file(key)
            .map_err(|error| io::Error::other(format!("`{}`: {error}", key.display())))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
            .map_err(io::Error::other)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        self.tls = Some(TlsAcceptor::from(Arc::new(config)));
        Ok(self)
    }

    /// The address that it listens at, with the port that the system chose.
    ///
    /// # Errors
    /// If the system does not report the address.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }

    /// Serves until `stop` is cancelled. Requests in flight then have
    /// `SHUTDOWN_GRACE` to end.
    pub async fn serve(self, router: Router, stop: CancellationToken) {
        let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        let connections = GracefulShutdown::new();
        loop {
            let slot = tokio::select! {
                () = stop.cancelled() => break,
                slot = slots.clone().acquire_owned() => slot,
            };
            let Ok(slot) = slot else { break };
            let stream = tokio::select! {
                () = stop.cancelled() => break,
                accepted = self.tcp.accept() => match accepted {
                    Ok((stream, _)) => stream,
                    Err(error) => {
                        tracing::warn!(%error, "cannot accept a connection");
                        tokio::time::sleep(ACCEPT_RETRY_DELAY).await;
                        continue;
                    }
                },
            };
            // Small responses are sent at once (Nagle's algorithm off).
            let _ = stream.set_nodelay(true);
            let (router, watcher) = (router.clone(), connections.watcher());
            let tls = self.tls.clone();
            tokio::spawn(async move {
                let _slot = slot;
                match tls {
                    None => serve_connection(stream, router, watcher).await,
                    Some(tls) => {
                        if let Ok(Ok(stream)) = timeout(HEADER_TIMEOUT, tls.accept(stream)).await {
                            serve_connection(stream, router, watcher).await;
                        }
                    }
                }
            });
        }
        drop(self.tcp);
        // The connections that are left are cut off. The audit has a line for their calls.
        let _ = timeout(SHUTDOWN_GRACE, connections.shutdown()).await;
    }
}

async fn serve_connection<S>(stream: S, router: Router, watcher: Watcher)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let connection = Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEADER_BYTES)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    if let Err(error) = watcher.watch(connection).await {
        tracing::info!(%error, "connection lost");
    }
}

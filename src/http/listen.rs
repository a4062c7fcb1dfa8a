//! Accepting connections: so many, not too slow, and until the server is stopped.

use std::{io, net::SocketAddr, path::Path, sync::Arc, time::Duration};

use axum::Router;
use hyper::server::conn::http1::Builder;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
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

use super::LARGEST_HEAD;

/// The most connections at a time.
const MOST: usize = 12_000;

/// How long a client may take for its headers, or for the beginning of TLS.
const SLOW: Duration = Duration::from_secs(10);

/// The most headers of a request.
const MOST_HEADERS: usize = 64;

/// How long connections may stay open once the server is stopped; longer than calls
/// under way may take.
const GRACE: Duration = Duration::from_secs(12);

/// How long to wait when the system can take no further connection.
const BREATH: Duration = Duration::from_millis(50);

/// Where connections come in.
pub struct Listener {
    tcp: TcpListener,
    tls: Option<TlsAcceptor>,
}

impl Listener {
    /// Listens at an address.
    ///
    /// # Errors
    /// When the address is taken, or not this machine's.
    pub async fn at(address: SocketAddr) -> io::Result<Self> {
        let tcp = TcpListener::bind(address).await?;
        Ok(Self { tcp, tls: None })
    }

    /// The same, with a certificate and its key (PEM files).
    ///
    /// # Errors
    /// When the files cannot be read or do not belong together.
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

    /// Where it listens.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }

    /// Serves until `stop`, and requests under way a little longer.
    pub async fn serve(self, router: Router, stop: CancellationToken) {
        let places = Arc::new(Semaphore::new(MOST));
        let open = GracefulShutdown::new();
        loop {
            let place = tokio::select! {
                () = stop.cancelled() => break,
                place = places.clone().acquire_owned() => place,
            };
            let Ok(place) = place else { break };
            let stream = tokio::select! {
                () = stop.cancelled() => break,
                accepted = self.tcp.accept() => match accepted {
                    Ok((stream, _)) => stream,
                    Err(error) => {
                        tracing::warn!(%error, "a connection could not be accepted");
                        tokio::time::sleep(BREATH).await;
                        continue;
                    }
                },
            };
            // Small answers are not to wait for more.
            let _ = stream.set_nodelay(true);
            let (router, watcher) = (router.clone(), open.watcher());
            let tls = self.tls.clone();
            tokio::spawn(async move {
                let _place = place;
                match tls {
                    None => connection(stream, router, watcher).await,
                    Some(tls) => {
                        if let Ok(Ok(stream)) = timeout(SLOW, tls.accept(stream)).await {
                            connection(stream, router, watcher).await;
                        }
                    }
                }
            });
        }
        drop(self.tcp);
        // What is not finished by then is cut off, and its calls are recorded.
        let _ = timeout(GRACE, open.shutdown()).await;
    }
}

async fn connection<S>(stream: S, router: Router, watcher: hyper_util::server::graceful::Watcher)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let serving = Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(SLOW)
        .max_headers(MOST_HEADERS)
        .max_buf_size(LARGEST_HEAD)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    if let Err(error) = watcher.watch(serving).await {
        tracing::info!(%error, "a connection broke off");
    }
}

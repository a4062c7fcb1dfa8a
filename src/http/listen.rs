//! Accepts connections until the server stops, with a bound on their number and on
//! the time that a client may take.

use std::{
    io,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    path::Path,
    sync::Arc,
    time::Duration,
};

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
    time::timeout,
};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::MAX_HEADER_BYTES;
use crate::shares::Shares;

/// The most connections at a time. From one network alone, half as many: enough for all
/// sessions and listeners of a proxy.
const MAX_CONNECTIONS: usize = 24_000;

/// How many bits of an IPv6 address a client chooses itself.
const HOST_BITS: u32 = 64;

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
    connections: Shares,
}

impl Listener {
    /// Listens at an address.
    ///
    /// # Errors
    /// If the address is in use or is not an address of this machine.
    pub async fn bind(address: SocketAddr) -> io::Result<Self> {
        let tcp = TcpListener::bind(address).await?;
        Ok(Self {
            tcp,
            tls: None,
            connections: Shares::new(MAX_CONNECTIONS),
        })
    }

    /// Keeps at most this many connections at a time, which the networks of clients share.
    pub fn with_max_connections(mut self, max: usize) -> Self {
        self.connections = Shares::new(max);
        self
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
        let connections = GracefulShutdown::new();
        loop {
            let (stream, peer) = tokio::select! {
                () = stop.cancelled() => break,
                accepted = self.tcp.accept() => match accepted {
                    Ok(accepted) => accepted,
                    Err(error) => {
                        tracing::warn!(%error, "cannot accept a connection");
                        tokio::time::sleep(ACCEPT_RETRY_DELAY).await;
                        continue;
                    }
                },
            };
            // A connection beyond the fair share of its network is closed at once.
            let Some(slot) = self.connections.take(&network(peer.ip()), 1) else {
                continue;
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

/// The network that a client is in: its IPv4 address, or the 64 bits of an IPv6 address
/// that one customer gets (RFC 6177).
fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            Ipv6Addr::from_bits(address.to_bits() >> HOST_BITS << HOST_BITS).to_string()
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_one_client_can_choose_are_one_network() {
        let of = |text: &str| network(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::7"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }
}

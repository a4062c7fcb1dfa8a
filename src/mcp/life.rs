//! One life of a session: from when it is opened or woken until it is put to sleep.

use rmcp::{
    RoleServer,
    model::{JsonRpcMessage, NumberOrString, RequestId, ServerNotification},
    service::{RxJsonRpcMessage, TxJsonRpcMessage},
    transport::Transport,
};
use tokio_util::sync::CancellationToken;

/// A transport that ends with a life of its session, and whose requests to the client
/// have numbers of that life: a late answer to an old question answers no new one.
pub struct Life<T> {
    inner: T,
    first: i64,
    over: CancellationToken,
}

impl<T> Life<T> {
    pub(super) fn new(inner: T, life: u32, over: CancellationToken) -> Self {
        Self {
            inner,
            // rmcp counts in 32 bits.
            first: i64::from(life) << 32,
            over,
        }
    }

    /// The number that the client knows a request by.
    fn outside(&self, id: &mut RequestId) {
        if let NumberOrString::Number(number) = id {
            *number = number.saturating_add(self.first);
        }
    }

    /// The number that a request has inside; none for one of an earlier life.
    fn inside(&self, id: &RequestId) -> Option<RequestId> {
        let number = match id {
            NumberOrString::Number(number) => *number,
            // Some clients answer with the number as a text.
            NumberOrString::String(text) => text.parse().ok()?,
        };
        let number = number.checked_sub(self.first)?;
        (number >= 0).then_some(NumberOrString::Number(number))
    }
}

impl<T: Transport<RoleServer>> Transport<RoleServer> for Life<T> {
    type Error = T::Error;

    fn send(
        &mut self,
        mut item: TxJsonRpcMessage<RoleServer>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        match &mut item {
            JsonRpcMessage::Request(request) => self.outside(&mut request.id),
            JsonRpcMessage::Notification(sent) => {
                if let ServerNotification::CancelledNotification(cancelled) = &mut sent.notification
                    && let Some(id) = &mut cancelled.params.request_id
                {
                    self.outside(id);
                }
            }
            _ => {}
        }
        self.inner.send(item)
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleServer>> {
        loop {
            let mut item = tokio::select! {
                biased;
                () = self.over.cancelled() => return None,
                item = self.inner.receive() => item?,
            };
            let id = match &mut item {
                JsonRpcMessage::Response(answer) => &mut answer.id,
                JsonRpcMessage::Error(error) => match &mut error.id {
                    Some(id) => id,
                    None => return Some(item),
                },
                _ => return Some(item),
            };
            if let Some(inside) = self.inside(id) {
                *id = inside;
                return Some(item);
            }
            tracing::info!(%id, "an answer to what was not asked in this life of the session");
        }
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        self.inner.close().await
    }
}

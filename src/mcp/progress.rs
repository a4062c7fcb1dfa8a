//! What a call reports while it runs.

use rmcp::{RoleServer, model::ProgressNotificationParam, service::RequestContext};
use tokio::sync::mpsc;

/// Sends reports as progress notifications until the call has ended.
pub(super) async fn forward(mut reports: mpsc::Receiver<String>, cx: &RequestContext<RoleServer>) {
    let token = cx.meta.get_progress_token();
    let mut step = 0.0;
    while let Some(message) = reports.recv().await {
        let Some(token) = &token else { continue };
        if cx.ct.is_cancelled() {
            continue;
        }
        step += 1.0;
        let report = ProgressNotificationParam::new(token.clone(), step).with_message(message);
        // A client that is gone needs no progress.
        let _ = cx.peer.notify_progress(report).await;
    }
}

//! Each answer of the sandbox conforms to the output schema of its tool.

use crate::app::{self, output_schema::faults};

#[tokio::test]
async fn every_answer_of_the_sandbox_conforms() {
    let tools = app::sandbox().start().await.backend.tools();
    for tool in tools.tools() {
        let mut app = app::sandbox().linked().await;
        let result = app.call(tool.name, app::arguments(tool)).await;
        let faults = faults(&tool.schemas().output, &result["structuredContent"]);
        assert!(faults.is_empty(), "{}: {faults:?}", tool.name);
    }
}

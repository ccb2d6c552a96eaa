//! No log line contains content of a client or a tool, at any level, including rmcp's own lines.

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    use async_trait::async_trait;
    use serde_json::{Value, json};
    use synapse_mcp::host::{Caller, Progress};
    use synapse_mcp::{
        JsonObject, Server, ServerIdentity, ToolCall, ToolError, ToolHost, ToolList, ToolResult,
    };
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
    use tracing_subscriber::fmt::MakeWriter;

    const SECRET: &str = "hunter2";

    struct Teller;

    #[async_trait]
    impl ToolHost for Teller {
        async fn list_tools(&self, _caller: &Caller) -> Result<ToolList, ToolError> {
            let mut tool = JsonObject::new();
            tool.insert("name".to_owned(), json!(SECRET));
            Ok(ToolList::new(vec![tool]))
        }

        fn owns(&self, _tool: &str) -> bool {
            true
        }

        async fn call_tool(&self, call: ToolCall) -> Result<ToolResult, ToolError> {
            if let Some(progress) = call.progress {
                progress.report(Progress::new(1.0).with_message(SECRET));
            }
            if call.name == "never" {
                std::future::pending::<()>().await;
            }
            if call.name == "upstream-error" {
                return Err(ToolError::Rpc {
                    code: 1,
                    message: SECRET.to_owned(),
                    data: Some(json!(SECRET)),
                });
            }
            Ok(ToolResult::text(SECRET))
        }
    }

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl MakeWriter<'_> for Log {
        type Writer = Self;

        fn make_writer(&self) -> Self {
            self.clone()
        }
    }

    fn lines() -> Vec<Value> {
        let meta = json!({"progressToken": SECRET, "baggage": SECRET});
        let mut modern = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {"experimental": {SECRET: SECRET}},
            "io.modelcontextprotocol/clientInfo": {"name": SECRET, "version": SECRET},
        });
        modern["vendor"] = json!(SECRET);
        let call = |tool: &str, meta: &Value| json!({"name": tool, "arguments": {"prompt": SECRET}, "x": SECRET, "_meta": meta});
        let introduction = json!({
            "protocolVersion": "2025-11-25",
            "capabilities": {"experimental": {SECRET: {}}},
            "clientInfo": {"name": "ide", "version": "1", "vendor": SECRET},
        });
        let cancelled = format!("{SECRET} 2");
        let request = |id, method: &str, params: Value| json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        vec![
            request(json!(SECRET), "server/discover", json!({"_meta": modern})),
            request(json!(1), "initialize", introduction),
            request(json!(2), "tools/list", json!({"x": SECRET})),
            request(json!(SECRET), "tools/call", call("tell", &meta)),
            request(json!(SECRET), "tools/call", call("tell", &modern)),
            request(json!(3), "tools/call", call("upstream-error", &modern)),
            request(json!(4), "tools/call", json!({"name": [SECRET]})),
            request(json!(5), "tools/list", json!({"cursor": SECRET})),
            request(json!(6), SECRET, json!([SECRET])),
            request(json!(7), SECRET, json!({"x": SECRET})),
            request(json!(cancelled), "tools/call", call("never", &json!({}))),
            json!({"jsonrpc": "2.0", "method": "notifications/cancelled",
                "params": {"requestId": cancelled, "reason": SECRET}}),
            json!({"jsonrpc": "2.0", "method": SECRET, "params": {"x": SECRET}}),
            json!({"jsonrpc": "2.0", "id": SECRET, "result": {"x": SECRET}}),
            json!(SECRET),
        ]
    }

    #[tokio::test(start_paused = true)]
    async fn the_log_shows_no_payload() {
        let log = Log::default();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
            .with_writer(log.clone())
            .finish();
        let _guard = tracing_subscriber::util::SubscriberInitExt::set_default(subscriber);

        let (mut input, server_input) = duplex(64 * 1024);
        let (server_output, mut output) = duplex(64 * 1024);
        for line in lines() {
            input
                .write_all(format!("{line}\n").as_bytes())
                .await
                .unwrap();
        }
        drop(input);
        Server::new(ServerIdentity::new("synapse", "1"))
            .with_tools(Arc::new(Teller))
            .serve(server_input, server_output)
            .await
            .unwrap();
        let mut replies = String::new();
        output.read_to_string(&mut replies).await.unwrap();
        // All but two notifications, a response and the cancelled call; one progress report.
        assert_eq!(replies.lines().count(), lines().len() - 4 + 1, "{replies}");
        assert!(replies.contains(SECRET));

        let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        assert!(
            log.contains("received request"),
            "rmcp logged nothing:\n{log}"
        );
        let leaks: Vec<_> = log.lines().filter(|line| line.contains(SECRET)).collect();
        assert!(leaks.is_empty(), "{leaks:#?}");
    }
}

//! Combined tool hosts: order, failures and conflicts.

use serde_json::json;

use super::*;
use crate::ProtocolRevision;
use crate::host::CacheScope;

struct Prefixed {
    prefix: &'static str,
    cache: CacheHint,
}

#[async_trait]
impl ToolHost for Prefixed {
    async fn list_tools(&self, _caller: &Caller) -> Result<ToolList, ToolError> {
        let tool = json!({"vendor": {"b": 1, "a": 2}, "name": format!("{}__x", self.prefix)});
        let tools = vec![tool.as_object().unwrap().clone()];
        Ok(ToolList::new(tools).with_cache(self.cache))
    }

    fn owns(&self, tool: &str) -> bool {
        tool.starts_with(self.prefix)
    }

    async fn call_tool(&self, call: ToolCall) -> Result<ToolResult, ToolError> {
        if call.name.ends_with("__x") {
            return Ok(ToolResult::text(self.prefix));
        }
        Err(ToolError::UnknownTool { name: call.name })
    }
}

fn hosts() -> ToolHosts {
    let host = |prefix, ttl_ms, scope| -> Arc<dyn ToolHost> {
        let cache = CacheHint { ttl_ms, scope };
        Arc::new(Prefixed { prefix, cache })
    };
    ToolHosts::new(vec![
        host("b", 500, CacheScope::Private),
        host("a", 100, CacheScope::Public),
    ])
}

fn caller() -> Caller {
    Caller::new(ProtocolRevision::V2025_11_25)
}

async fn call(name: &str) -> Result<ToolResult, ToolError> {
    hosts()
        .call_tool(ToolCall::new(name, JsonObject::new(), caller()))
        .await
}

#[test]
fn a_single_host_is_not_wrapped() {
    let host: Arc<dyn ToolHost> = Arc::new(Prefixed {
        prefix: "a",
        cache: CacheHint::default(),
    });
    assert!(Arc::ptr_eq(
        &ToolHosts::combined(vec![Arc::clone(&host)]),
        &host
    ));
    let two = ToolHosts::combined(vec![Arc::clone(&host), Arc::clone(&host)]);
    assert!(!Arc::ptr_eq(&two, &host));
}

#[tokio::test]
async fn lists_are_joined_in_order_under_the_strictest_hint() {
    let list = hosts().list_tools(&caller()).await.unwrap();
    assert_eq!(
        serde_json::to_string(&list.clone().into_objects()).unwrap(),
        r#"[{"vendor":{"b":1,"a":2},"name":"b__x"},{"vendor":{"b":1,"a":2},"name":"a__x"}]"#
    );
    assert_eq!(
        list.cache,
        CacheHint {
            ttl_ms: 100,
            scope: CacheScope::Private
        }
    );
}

#[tokio::test]
async fn a_call_goes_to_the_owner_of_the_name() {
    assert_eq!(call("a__x").await.unwrap(), ToolResult::text("a"));
    assert_eq!(call("b__x").await.unwrap(), ToolResult::text("b"));
}

#[tokio::test]
async fn a_name_nobody_owns_or_knows_is_an_unknown_tool() {
    for name in ["c__x", "a__y"] {
        let error = call(name).await.unwrap_err();
        assert!(matches!(error, ToolError::UnknownTool { name: found } if found == name));
    }
}

struct Failing;

#[async_trait]
impl ToolHost for Failing {
    async fn list_tools(&self, _caller: &Caller) -> Result<ToolList, ToolError> {
        Err(ToolError::InvalidParams {
            message: "broken".to_owned(),
        })
    }

    fn owns(&self, _tool: &str) -> bool {
        false
    }

    async fn call_tool(&self, call: ToolCall) -> Result<ToolResult, ToolError> {
        Err(ToolError::UnknownTool { name: call.name })
    }
}

fn prefixed(prefix: &'static str) -> Arc<dyn ToolHost> {
    let cache = CacheHint::default();
    Arc::new(Prefixed { prefix, cache })
}

#[tokio::test]
async fn a_host_that_fails_empties_nobody_elses_list() {
    let joined = ToolHosts::new(vec![Arc::new(Failing), prefixed("a")]);
    assert_eq!(joined.list_tools(&caller()).await.unwrap().items.len(), 1);
    let alone = ToolHosts::new(vec![Arc::new(Failing)]);
    assert!(alone.list_tools(&caller()).await.is_err());
}

#[tokio::test]
async fn what_two_hosts_own_is_withheld_and_says_why() {
    let joined = ToolHosts::new(vec![prefixed("a"), prefixed("b"), prefixed("a")]);
    let list = joined.list_tools(&caller()).await.unwrap();
    let names: Vec<_> = list.items.iter().map(|tool| tool.key("name")).collect();
    assert_eq!(names, [Some("b__x")]);
    let call = ToolCall::new("a__x", JsonObject::new(), caller());
    let error = joined.call_tool(call).await.unwrap_err();
    assert!(
        matches!(&error, ToolError::InvalidParams { message } if message.contains("two servers")),
        "{error:?}"
    );
}

struct Listening;

#[async_trait]
impl ToolHost for Listening {
    async fn list_tools(&self, _caller: &Caller) -> Result<ToolList, ToolError> {
        Ok(ToolList::default())
    }

    fn owns(&self, _tool: &str) -> bool {
        false
    }

    fn understands(&self, tool: &str, _caller: &Caller) -> bool {
        tool == "bare" || tool == "a__x"
    }

    async fn call_tool(&self, _call: ToolCall) -> Result<ToolResult, ToolError> {
        Ok(ToolResult::text("understood"))
    }
}

#[tokio::test]
async fn a_name_that_nobody_owns_goes_to_who_understands_it_and_an_owned_one_never() {
    let joined = ToolHosts::new(vec![prefixed("a"), Arc::new(Listening)]);
    for (name, answer) in [("bare", "understood"), ("a__x", "a")] {
        let call = ToolCall::new(name, JsonObject::new(), caller());
        let result = joined.call_tool(call).await.unwrap();
        assert_eq!(result, ToolResult::text(answer), "{name}");
    }
}

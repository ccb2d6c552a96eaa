//! Several hosts as one: the product's own tools and the hub's, side by side.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use super::{CacheHint, Caller, ToolCall, ToolError, ToolHost, ToolList, ToolResult};

/// Hosts in order: lists are joined in it, and a call goes whole to the first that owns the name.
///
/// A call goes to one host only; no other is tried when that one does not know the tool.
#[derive(Clone, Default)]
pub struct ToolHosts(Vec<Arc<dyn ToolHost>>);

impl ToolHosts {
    /// Joins `hosts`; earlier ones win a name that two of them own.
    #[must_use]
    pub fn new(hosts: Vec<Arc<dyn ToolHost>>) -> Self {
        Self(hosts)
    }

    fn owner(&self, tool: &str) -> Option<&Arc<dyn ToolHost>> {
        self.0.iter().find(|host| host.owns(tool))
    }
}

#[async_trait]
impl ToolHost for ToolHosts {
    async fn list_tools(&self, caller: &Caller) -> Result<ToolList, ToolError> {
        let mut items = Vec::new();
        let mut cache: Option<CacheHint> = None;
        for host in &self.0 {
            let mut list = host.list_tools(caller).await?;
            items.append(&mut list.items);
            cache = Some(cache.map_or(list.cache, |cache| cache.strictest(list.cache)));
        }
        Ok(ToolList {
            items,
            cache: cache.unwrap_or_default(),
        })
    }

    fn owns(&self, tool: &str) -> bool {
        self.owner(tool).is_some()
    }

    async fn call_tool(&self, call: ToolCall) -> Result<ToolResult, ToolError> {
        match self.owner(&call.name) {
            Some(host) => host.call_tool(call).await,
            None => Err(ToolError::UnknownTool { name: call.name }),
        }
    }
}

impl fmt::Debug for ToolHosts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ToolHosts({})", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::host::CacheScope;
    use crate::{JsonObject, ProtocolRevision};

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

    #[tokio::test]
    async fn lists_are_joined_in_order_under_the_strictest_hint() {
        let list = hosts().list_tools(&caller()).await.unwrap();
        assert_eq!(
            serde_json::to_string(&list.items).unwrap(),
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
}

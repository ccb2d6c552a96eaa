//! Unsolicited notifications of an upstream: changed lists and resources.

use std::sync::Weak;
use std::sync::atomic::Ordering;

use synapse_mcp::JsonObject;
use synapse_mcp::host::ListChange;

use super::{Runtime, Slot, lock};
use crate::ports::Events;

/// Handles unsolicited notifications.
pub(super) struct Hearing(pub(super) Weak<Runtime>);

impl Events for Hearing {
    fn notified(&self, method: &str, params: JsonObject) {
        let Some(runtime) = self.0.upgrade() else {
            return;
        };
        let tell = |change| {
            if let Some(hub) = runtime.hub.upgrade() {
                hub.tell(change);
            }
        };
        let stale = || {
            if let Slot::Live(live) = &*lock(&runtime.slot) {
                live.is_stale.store(true, Ordering::SeqCst);
            }
        };
        match method {
            // A pinned list does not change; without a pin the IDE refetches it.
            "notifications/tools/list_changed" => {
                stale();
                if runtime.follows() {
                    tell(ListChange::Tools);
                }
            }
            "notifications/prompts/list_changed" => {
                stale();
                if runtime.follows() {
                    tell(ListChange::Prompts);
                }
            }
            "notifications/resources/list_changed" => {
                stale();
                tell(ListChange::Resources);
            }
            "notifications/resources/updated" => {
                if let Some(uri) = params.get("uri").and_then(serde_json::Value::as_str) {
                    tell(ListChange::Resource {
                        uri: uri.to_owned(),
                    });
                }
            }
            _ => {}
        }
    }
}

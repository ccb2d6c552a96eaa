//! Collects a whole list page by page, within limits.

use std::io;

use serde_json::Value;
use tokio::task::spawn_blocking;

use super::{CallError, Conversation, Outgoing};
use crate::size::{LARGE, outweigh};

/// The limits of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListCaps {
    /// Pages, one request each.
    pub pages: usize,
    /// Items.
    pub items: usize,
    /// Bytes of all items as compact JSON.
    pub bytes: usize,
}

impl Default for ListCaps {
    /// 200 pages, 10,000 items and 32 MiB.
    fn default() -> Self {
        Self {
            pages: 200,
            items: 10_000,
            bytes: 32 << 20,
        }
    }
}

/// Sends `outgoing`, such as `tools/list`, once per page, and returns the items under `key`, in
/// order. Cursors are passed back unchanged; an empty one is valid.
///
/// # Errors
/// Same as [`Conversation::request`]; [`CallError::TooLarge`] over a limit; [`CallError::Protocol`]
/// for an invalid list or circular cursors.
pub async fn list_all(
    conversation: &dyn Conversation,
    outgoing: Outgoing,
    key: &str,
    caps: ListCaps,
) -> Result<Vec<Value>, CallError> {
    let mut items = Vec::new();
    let mut bytes = 0;
    let mut cursors: Vec<String> = Vec::new();
    loop {
        let mut page = outgoing.clone();
        if let Some(cursor) = cursors.last() {
            page.params
                .insert("cursor".to_owned(), cursor.clone().into());
        }
        let mut result = conversation.request(page).await?;
        let Some(Value::Array(page)) = result.remove(key) else {
            return Err(CallError::Protocol {
                what: "it answered a list request without a list",
            });
        };
        for (size, item) in measured(page).await? {
            bytes += size;
            held(bytes, caps.bytes, "bytes of list")?;
            held(items.len() + 1, caps.items, "items")?;
            items.push(item);
        }
        let next = match result.remove("nextCursor") {
            None | Some(Value::Null) => return Ok(items),
            Some(Value::String(cursor)) => cursor,
            Some(_) => {
                return Err(CallError::Protocol {
                    what: "it gave a cursor that is not text",
                });
            }
        };
        if cursors.contains(&next) {
            return Err(CallError::Protocol {
                what: "its list goes round in circles",
            });
        }
        cursors.push(next);
        held(cursors.len() + 1, caps.pages, "pages")?;
    }
}

fn held(count: usize, cap: usize, unit: &'static str) -> Result<(), CallError> {
    if count > cap {
        Err(CallError::TooLarge {
            cap: cap as u64,
            unit,
        })
    } else {
        Ok(())
    }
}

/// The items with their lengths, counted on a separate thread if they are large.
async fn measured(items: Vec<Value>) -> Result<Vec<(usize, Value)>, CallError> {
    let measure = |items: Vec<Value>| {
        let measured = items.into_iter().map(|item| (size_of(&item), item));
        measured.collect()
    };
    if !outweigh(&items, LARGE) {
        return Ok(measure(items));
    }
    let measured = spawn_blocking(move || measure(items)).await;
    measured.map_err(|_| CallError::Interrupted)
}

/// The length of `value` as compact JSON, without storing it.
fn size_of(value: &Value) -> usize {
    struct Counter(usize);
    impl io::Write for Counter {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut counter = Counter(0);
    // Counting cannot fail.
    drop(serde_json::to_writer(&mut counter, value));
    counter.0
}

//! Compares an upstream's lists with its approved catalogue, and describes differences.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use synapse_core::error::Failure;
use synapse_core::redact::printable_line;
use synapse_core::upstream::{Catalogue, Item};
use synapse_mcp::JsonObject;

use crate::blocking::off_runtime;

/// The comparison of tools and prompts.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Comparison {
    pub(crate) tools: Differences,
    pub(crate) prompts: Differences,
}

/// The differences of one list, by name.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Differences {
    /// Changed items, with a description of each difference.
    pub(crate) changed: HashMap<String, Vec<String>>,
    /// Approved items that are missing.
    pub(crate) gone: Vec<String>,
    /// Unapproved items.
    pub(crate) new: Vec<String>,
}

impl Comparison {
    /// Compares `found` with `approved`.
    pub(crate) fn of(approved: &Catalogue, found: &Catalogue) -> Self {
        Self {
            tools: Differences::of(&approved.tools, &found.tools),
            prompts: Differences::of(&approved.prompts, &found.prompts),
        }
    }

    /// [`Comparison::of`], off the server's thread: an upstream chooses the size of its lists.
    ///
    /// # Errors
    /// Same as [`off_runtime`].
    pub(crate) async fn off_runtime(
        approved: Arc<Catalogue>,
        found: &Catalogue,
    ) -> Result<Self, Failure> {
        // Items are shared, not copied.
        let found = Catalogue {
            tools: found.tools.clone(),
            prompts: found.prompts.clone(),
            ..Catalogue::default()
        };
        off_runtime(move || Self::of(&approved, &found)).await
    }

    /// Whether there is no difference.
    pub(crate) fn is_equal(&self) -> bool {
        self.tools.is_empty() && self.prompts.is_empty()
    }
}

impl Differences {
    /// Items that share a name are compared together: a server may mean either of them.
    fn of(approved: &[Item], found: &[Item]) -> Self {
        let (before, now) = (by_name(approved), by_name(found));
        let mut differences = Self::default();
        for name in names(approved) {
            let old = before.get(name).map_or(&[][..], Vec::as_slice);
            match now.get(name) {
                None => differences.gone.push(name.to_owned()),
                Some(new) if new == old => {}
                Some(new) => {
                    let lines = described(old, new);
                    differences.changed.insert(name.to_owned(), lines);
                }
            }
        }
        let new = names(found).into_iter();
        let new = new.filter(|name| !before.contains_key(name));
        differences.new = new.map(str::to_owned).collect();
        differences
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.changed.is_empty() && self.gone.is_empty() && self.new.is_empty()
    }
}

fn by_name(items: &[Item]) -> HashMap<&str, Vec<&Item>> {
    let mut by_name: HashMap<&str, Vec<&Item>> = HashMap::with_capacity(items.len());
    for item in items {
        if let Some(name) = name(item) {
            by_name.entry(name).or_default().push(item);
        }
    }
    by_name
}

/// The names in order, each once.
fn names(items: &[Item]) -> Vec<&str> {
    let mut seen = HashSet::with_capacity(items.len());
    let names = items.iter().filter_map(name);
    names.filter(|name| seen.insert(*name)).collect()
}

/// The differences between the items of one name.
fn described(before: &[&Item], after: &[&Item]) -> Vec<String> {
    let mut lines = Vec::new();
    if before.len() != after.len() {
        let (was, is) = (before.len(), after.len());
        lines.push(format!("times listed: {is}, before: {was}"));
    }
    for (old, new) in before.iter().zip(after) {
        lines.extend(difference(old, new));
    }
    lines.truncate(MOST_LINES + 1);
    lines
}

/// Feeds a hash with a value, independent of member order.
pub(crate) fn canonical(value: &Value, hash: &mut Sha256) {
    match value {
        Value::Object(members) => {
            hash.update(b"{");
            let mut keys: Vec<&String> = members.keys().collect();
            keys.sort();
            for key in keys {
                hash.update(Value::from(key.as_str()).to_string().as_bytes());
                if let Some(member) = members.get(key) {
                    canonical(member, hash);
                }
            }
            hash.update(b"}");
        }
        Value::Array(values) => {
            hash.update(b"[");
            for each in values {
                canonical(each, hash);
                hash.update(b",");
            }
            hash.update(b"]");
        }
        _ => hash.update(value.to_string().as_bytes()),
    }
}

/// The differences between two objects, one line each, at most [`MOST_LINES`].
pub(crate) fn difference(before: &JsonObject, after: &JsonObject) -> Vec<String> {
    let mut lines = Vec::new();
    objects("", before, after, &mut lines);
    if lines.len() > MOST_LINES {
        let more = lines.len() - MOST_LINES;
        lines.truncate(MOST_LINES);
        lines.push(format!("and {more} more"));
    }
    lines
}

fn objects(path: &str, before: &JsonObject, after: &JsonObject, lines: &mut Vec<String>) {
    let place = |key: &str| match path {
        "" => key.to_owned(),
        _ => format!("{path}.{key}"),
    };
    for (key, old) in before {
        match after.get(key) {
            None => lines.push(format!("{}: was {}, is gone", place(key), shown(old))),
            Some(new) => values(&place(key), old, new, lines),
        }
    }
    for (key, new) in after {
        if !before.contains_key(key) {
            lines.push(format!("{}: is new, {}", place(key), shown(new)));
        }
    }
}

fn values(path: &str, before: &Value, after: &Value, lines: &mut Vec<String>) {
    match (before, after) {
        _ if before == after => {}
        (Value::Object(old), Value::Object(new)) => objects(path, old, new, lines),
        (Value::String(old), Value::String(new)) => {
            let (old, new) = around_difference(old, new);
            lines.push(format!("{path}: {old} -> {new}"));
        }
        _ => lines.push(format!("{path}: {} -> {}", shown(before), shown(after))),
    }
}

/// Excerpts of two texts around their first difference.
fn around_difference(old: &str, new: &str) -> (String, String) {
    let common = old
        .char_indices()
        .zip(new.chars())
        .find(|((_, left), right)| left != right)
        .map_or(old.len().min(new.len()), |((at, _), _)| at);
    let from = |text: &str| {
        let start = text.floor_char_boundary(common.saturating_sub(CONTEXT));
        let rest = text.get(start..).unwrap_or_default();
        let mark = if start > 0 { "…" } else { "" };
        shortened(&format!("\"{mark}{rest}\""))
    };
    (from(old), from(new))
}

fn shown(value: &Value) -> String {
    shortened(&value.to_string())
}

/// One line of at most [`MOST_CHARACTERS`], with invisible characters made visible.
fn shortened(text: &str) -> String {
    let head: String = text.chars().take(MOST_CHARACTERS).collect();
    let cut = head.len() < text.len();
    let line = printable_line(&head);
    if cut { format!("{line}…") } else { line }
}

fn name(item: &Item) -> Option<&str> {
    item.get("name").and_then(Value::as_str)
}

const MOST_LINES: usize = 12;
const MOST_CHARACTERS: usize = 160;
const CONTEXT: usize = 24;

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::sync::mpsc;
    use std::task::Poll;

    use serde_json::json;
    use tokio::runtime::Builder;
    use tokio::task::spawn_blocking;

    use super::*;

    fn item(value: Value) -> Item {
        value.as_object().unwrap().clone().into()
    }

    fn catalogue(tools: Vec<Value>) -> Catalogue {
        Catalogue {
            tools: tools.into_iter().map(item).collect(),
            ..Catalogue::default()
        }
    }

    #[test]
    fn the_order_of_members_and_tools_does_not_matter() {
        let before = catalogue(vec![
            json!({"name": "a", "description": "x"}),
            json!({"name": "b"}),
        ]);
        let after = catalogue(vec![
            json!({"name": "b"}),
            json!({"description": "x", "name": "a"}),
        ]);
        assert!(Comparison::of(&before, &after).is_equal());
    }

    /// While the only other thread is held, a comparison waits.
    #[test]
    fn lists_are_compared_on_another_thread() {
        let mut runtime = Builder::new_current_thread();
        let runtime = runtime.max_blocking_threads(1).build().unwrap();
        runtime.block_on(async {
            let (release, held) = mpsc::channel::<()>();
            let gate = spawn_blocking(move || held.recv());
            let before = Arc::new(catalogue(vec![json!({"name": "a"})]));
            let after = catalogue(vec![json!({"name": "b"})]);
            let mut work = Box::pin(Comparison::off_runtime(Arc::clone(&before), &after));
            let begun = poll_fn(|context| Poll::Ready(work.as_mut().poll(context)));
            assert!(begun.await.is_pending());
            drop(release);
            assert_eq!(work.await, Ok(Comparison::of(&before, &after)));
            drop(gate);
        });
    }

    #[test]
    fn each_kind_of_difference_is_told() {
        let before = catalogue(vec![
            json!({"name": "a", "inputSchema": {"type": "object", "required": ["x"]}}),
            json!({"name": "b"}),
            json!({"name": "c"}),
        ]);
        let after = catalogue(vec![
            json!({"name": "a", "inputSchema": {"type": "object"}, "title": "A"}),
            json!({"name": "c"}),
            json!({"name": "d"}),
        ]);
        let found = Comparison::of(&before, &after).tools;
        assert_eq!(found.gone, ["b"]);
        assert_eq!(found.new, ["d"]);
        assert_eq!(
            found.changed["a"],
            [
                "inputSchema.required: was [\"x\"], is gone",
                "title: is new, \"A\""
            ]
        );
    }

    /// Whichever of two a server means when it is called, neither changes unnoticed.
    #[test]
    fn items_that_share_a_name_are_compared_together() {
        let (one, two) = (json!({"name": "a", "x": 1}), json!({"name": "a", "x": 2}));
        let twice = catalogue(vec![one.clone(), two.clone()]);
        let once = catalogue(vec![two.clone()]);
        assert!(Comparison::of(&twice, &twice).is_equal());
        let found = Comparison::of(&once, &twice).tools;
        assert_eq!(
            found.changed["a"],
            ["times listed: 2, before: 1", "x: 2 -> 1"]
        );
        assert!(found.new.is_empty() && found.gone.is_empty(), "{found:?}");
        let swapped = catalogue(vec![two, one]);
        assert!(!Comparison::of(&twice, &swapped).is_equal());
        let found = Comparison::of(&Catalogue::default(), &twice).tools;
        assert_eq!(found.new, ["a"]);
    }

    #[test]
    fn a_long_text_is_shown_where_it_parts() {
        let old = format!("{} and then it reads the file", "x".repeat(500));
        let new = format!("{} and then it sends the file\u{202e}", "x".repeat(500));
        let before = item(json!({ "description": old }));
        let after = item(json!({ "description": new }));
        let lines = difference(&before, &after);
        assert_eq!(lines.len(), 1);
        assert!(lines[0].contains("reads the file"), "{}", lines[0]);
        assert!(lines[0].contains("sends the file"), "{}", lines[0]);
        assert!(!lines[0].contains('\u{202e}'), "{}", lines[0]);
    }
}

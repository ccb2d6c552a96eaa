//! Pagination with opaque cursors that survive changes of the list.
//!
//! A cursor contains the position where a page ended and a hash of its last item. If the list
//! changed, the item is searched; if it is gone, the client must start over.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::Value;

use super::error::ErrorObject;
use crate::host::ListItem;

/// One page.
#[derive(Debug, PartialEq)]
pub(crate) struct Page {
    pub(crate) items: Vec<ListItem>,
    /// The cursor of the next page, if any.
    pub(crate) next: Option<String>,
}

/// The page of `size` items after `cursor`; `key` is the identifying member.
pub(crate) fn page(
    mut items: Vec<ListItem>,
    key: &str,
    cursor: Option<&Value>,
    size: usize,
) -> Result<Page, ErrorObject> {
    let unknown = || ErrorObject::invalid_params("the cursor is unknown; list from the beginning");
    let start = match cursor {
        None | Some(Value::Null) => 0,
        Some(Value::String(cursor)) => find(&items, key, cursor).ok_or_else(unknown)?,
        Some(_) => return Err(unknown()),
    };
    let mut items = items.split_off(start.min(items.len()));
    let next = (items.len() > size)
        .then(|| items.get(size.saturating_sub(1)))
        .flatten()
        .map(|last| format!("{:x}-{:016x}", start + size, hash(last, key)));
    items.truncate(size);
    Ok(Page { items, next })
}

/// The position after the item named by `cursor`.
fn find(items: &[ListItem], key: &str, cursor: &str) -> Option<usize> {
    let (position, wanted) = cursor.split_once('-')?;
    let position = usize::from_str_radix(position, 16).ok()?;
    let wanted = u64::from_str_radix(wanted, 16).ok()?;
    let is_it = |item: &ListItem| hash(item, key) == wanted;
    let before = position.checked_sub(1)?;
    if items.get(before).is_some_and(is_it) {
        return Some(position);
    }
    items.iter().position(is_it).map(|found| found + 1)
}

fn hash(item: &ListItem, key: &str) -> u64 {
    // Not for security: a forged cursor only reads what the client may read anyway.
    let mut hasher = DefaultHasher::new();
    item.key(key).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn items(names: &[&str]) -> Vec<ListItem> {
        names
            .iter()
            .map(|name| json!({ "name": name }).as_object().unwrap().clone().into())
            .collect()
    }

    fn names(page: &Page) -> Vec<&str> {
        page.items
            .iter()
            .map(|item| item.key("name").unwrap())
            .collect()
    }

    #[test]
    fn pages_cover_the_list_once() {
        let all = ["a", "b", "c", "d", "e"];
        let mut seen = Vec::new();
        let mut cursor = None;
        loop {
            let page = page(items(&all), "name", cursor.as_ref(), 2).unwrap();
            seen.extend(names(&page).into_iter().map(str::to_owned));
            match page.next {
                Some(next) => cursor = Some(Value::String(next)),
                None => break,
            }
        }
        assert_eq!(seen, all);
        let whole = page(items(&all), "name", Some(&Value::Null), 5).unwrap();
        assert_eq!((whole.items.len(), whole.next), (5, None));
    }

    #[test]
    fn a_list_that_grew_goes_on_behind_the_same_item() {
        let first = page(items(&["b", "c", "d"]), "name", None, 1).unwrap();
        let cursor = first.next.map(Value::String);
        let next = page(items(&["a", "b", "c", "d"]), "name", cursor.as_ref(), 1).unwrap();
        assert_eq!(names(&next), ["c"]);
        let gone = page(items(&["c", "d"]), "name", cursor.as_ref(), 1);
        assert!(gone.is_err());
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        for cursor in [
            json!(""),
            json!("2"),
            json!("1-0"),
            json!("x-y"),
            json!(1),
            json!([]),
        ] {
            let refused = page(items(&["a", "b"]), "name", Some(&cursor), 1);
            assert!(refused.is_err(), "{cursor}");
        }
    }
}

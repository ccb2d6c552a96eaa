//! Properties of file edits for arbitrary bytes, checked by the fuzz target `edits` and by tests on
//! its seeds.

use serde_json::{Map, Value, json};

use crate::client::FileFormat;
use crate::format::{Edit, Text, at, edit, read};

/// Reads `bytes` as a client's file in the format named on the first line; adds an entry, adds it
/// again, and removes it.
///
/// # Panics
/// If an edit changes anything but the entry, or removing a missing entry changes a byte.
pub fn edits(bytes: &[u8]) {
    let mut lines = bytes.splitn(2, |byte| *byte == b'\n');
    let format = match lines.next().unwrap_or_default() {
        b"toml" => FileFormat::Toml,
        b"yaml" => FileFormat::Yaml,
        b"jsonc" => FileFormat::Jsonc,
        _ => FileFormat::Json,
    };
    let Ok(text) = Text::of(lines.next().unwrap_or_default()) else {
        return;
    };
    let Ok(before) = read(format, text.as_str()) else {
        return;
    };
    let entry = json!({"command": "/opt/a b/synapse", "args": ["serve", "--only=\"x\""]});
    let set = [Edit::Set(place(), entry.clone())];
    let remove = [Edit::Remove(place())];
    if let Ok(unchanged) = edit(format, &text, &remove)
        && at(&before, &PLACE).is_none()
    {
        assert_eq!(unchanged, text, "nothing was there to take out");
    }
    let Ok(with) = edit(format, &text, &set) else {
        return;
    };
    assert_eq!(with.is_marked(), text.is_marked());
    let meant = read(format, with.as_str());
    assert!(meant.is_ok(), "{meant:?}");
    let meant = meant.unwrap_or_default();
    assert_eq!(at(&meant, &PLACE), Some(&entry));
    assert_eq!(others(&meant), others(&before), "{:?}", with.as_str());
    let bytes = with.to_bytes();
    assert_eq!(Text::of(&bytes).as_ref(), Ok(&with));
    // Adding the same entry again changes nothing.
    if let Ok(again) = edit(format, &with, &set) {
        let again = read(format, again.as_str());
        assert_eq!(again.as_ref(), Ok(&meant));
    }
    if let Ok(without) = edit(format, &with, &remove) {
        let meant = read(format, without.as_str()).unwrap_or_default();
        assert_eq!(at(&meant, &PLACE), None);
        assert_eq!(others(&meant), others(&before), "{:?}", without.as_str());
    }
}

/// Everything in a file except our entry.
fn others(value: &Value) -> Map<String, Value> {
    let mut all = value.as_object().cloned().unwrap_or_default();
    let [key, name] = PLACE;
    let servers = all.get_mut(key);
    let is_empty = match servers {
        Some(Value::Object(servers)) => {
            servers.shift_remove(name);
            servers.is_empty()
        }
        Some(other) => other.is_null(),
        None => true,
    };
    // An empty list of servers equals a missing one.
    if is_empty {
        all.shift_remove(key);
    }
    all
}

fn place() -> Vec<String> {
    PLACE.map(str::to_owned).to_vec()
}

const PLACE: [&str; 2] = ["mcpServers", "synapse"];

#[cfg(test)]
mod tests {
    #[test]
    fn any_file_keeps_everything_but_the_entry() {
        synapse_testkit::any_bytes::hold("edits", super::edits);
    }
}

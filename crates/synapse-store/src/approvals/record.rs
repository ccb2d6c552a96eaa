//! The stored form of an approval: JSON whose catalogue is one text, with an item a line.
//!
//! Two hashes guard the catalogue. `textHash` is that of its text: verifying it parses nothing, and
//! the items are taken out as lines. `hash` is that of its content, independent of spelling: it
//! counts where the text differs or has no hash, as in files of the first version.

use std::sync::Arc;

use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use synapse_core::time::Timestamp;
use synapse_core::upstream::{Approval, Catalogue, Fingerprint, Item, Start};
use synapse_core::{Code, Failure};

/// The text of the file of `approval`.
///
/// # Errors
/// `internal.invariant` if it cannot be written.
pub(super) fn text(approval: &Approval) -> Result<String, Failure> {
    let catalogue = approval.catalogue.as_deref().map(catalogue_text);
    let written = catalogue.transpose().and_then(|catalogue| {
        let record = Record {
            format: FORMAT,
            server: approval.server.to_string(),
            approved_at: approval.approved_at.to_string(),
            fingerprint: approval.fingerprint.to_string(),
            start: approval.start.as_ref().map(|start| StartRecord {
                program: start.program.clone(),
                search_path: start.search_path.clone(),
            }),
            text_hash: catalogue.as_ref().map(|text| hash(text.get())),
            catalogue: catalogue.as_deref(),
        };
        serde_json::to_string_pretty(&record)
    });
    let mut text = written.map_err(|error| {
        Failure::new(Code::InternalInvariant, "an approval cannot be written").caused_by(&error)
    })?;
    text.push('\n');
    Ok(text)
}

/// The stored form of an approval.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Record<'a> {
    format: u64,
    server: String,
    approved_at: String,
    fingerprint: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    start: Option<StartRecord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text_hash: Option<String>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    catalogue: Option<&'a RawValue>,
}

/// Why a text is no record.
pub(super) enum Unread {
    Damaged,
    /// It has this newer format.
    Newer(u64),
}

impl<'a> Record<'a> {
    /// Parses a file; the catalogue stays text.
    pub(super) fn parse(text: &'a str) -> Result<Self, Unread> {
        #[derive(Deserialize)]
        struct ApprovalFormat {
            format: u64,
        }
        let record = match serde_json::from_str::<Self>(text) {
            Ok(record) if record.format <= FORMAT => return Ok(record),
            Ok(record) => return Err(Unread::Newer(record.format)),
            // A newer format may have other members.
            Err(_) => serde_json::from_str::<ApprovalFormat>(text),
        };
        match record {
            Ok(ApprovalFormat { format }) if format > FORMAT => Err(Unread::Newer(format)),
            Ok(_) | Err(_) => Err(Unread::Damaged),
        }
    }

    /// The approval, with its catalogue verified.
    pub(super) fn approval(self) -> Result<Approval, &'static str> {
        let catalogue = match self.catalogue {
            Some(text) => Some(Arc::new(catalogue(text.get(), self.text_hash.as_deref())?)),
            None => None,
        };
        Ok(Approval {
            server: self.server.parse().map_err(|_| "its server has no name")?,
            fingerprint: Fingerprint::from_hex(&self.fingerprint)
                .ok_or("its fingerprint is invalid")?,
            start: self.start.map(|start| Start {
                program: start.program,
                search_path: start.search_path,
            }),
            catalogue,
            approved_at: self
                .approved_at
                .parse::<Timestamp>()
                .map_err(|_| "its time is invalid")?,
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct StartRecord {
    program: String,
    search_path: Option<String>,
}

/// A catalogue, all of it parsed.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CatalogueRecord {
    hash: String,
    protocol: String,
    server_info: Map<String, Value>,
    capabilities: Map<String, Value>,
    instructions: Option<String>,
    tools: Vec<Map<String, Value>>,
    prompts: Vec<Map<String, Value>>,
    resources: Vec<Map<String, Value>>,
    templates: Vec<Map<String, Value>>,
    #[serde(default)]
    skills: Vec<Map<String, Value>>,
}

impl CatalogueRecord {
    fn catalogue(self) -> Catalogue {
        let items = |list: Vec<Map<String, Value>>| list.into_iter().map(Item::from).collect();
        Catalogue {
            protocol: self.protocol,
            server_info: self.server_info,
            capabilities: self.capabilities,
            instructions: self.instructions,
            tools: items(self.tools),
            prompts: items(self.prompts),
            resources: items(self.resources),
            templates: items(self.templates),
            skills: items(self.skills),
        }
    }
}

fn catalogue(text: &str, text_hash: Option<&str>) -> Result<Catalogue, &'static str> {
    if text_hash.is_some_and(|known| known == hash(text))
        && let Some(catalogue) = as_written(text)
    {
        return Ok(catalogue);
    }
    let record: CatalogueRecord =
        serde_json::from_str(text).map_err(|_| "it is not an approval")?;
    let hash = record.hash.clone();
    let catalogue = record.catalogue();
    if catalogue.hash().0 == hash {
        Ok(catalogue)
    } else {
        Err("its catalogue does not match its hash")
    }
}

/// The catalogue of a text that [`catalogue_text`] wrote: its items are lines, and not parsed.
fn as_written(text: &str) -> Option<Catalogue> {
    let (head, lists) = text.split_once(FIRST_LIST)?;
    let mut catalogue = serde_json::from_str::<CatalogueRecord>(&format!("{head}{NO_LISTS}"))
        .ok()?
        .catalogue();
    let mut lines = lists.lines();
    for (member, items) in [
        ("", &mut catalogue.tools),
        ("prompts", &mut catalogue.prompts),
        ("resources", &mut catalogue.resources),
        ("templates", &mut catalogue.templates),
        ("skills", &mut catalogue.skills),
    ] {
        // The line that begins the first list is in `FIRST_LIST`.
        let opening = match member {
            "" => lines.next()?,
            _ => lines
                .next()?
                .strip_prefix(&format!("    \"{member}\": ["))?,
        };
        if opening.trim_end_matches(',') == "]" {
            continue;
        }
        loop {
            let line = lines.next()?.trim_start();
            if line.trim_end_matches(',') == "]" {
                break;
            }
            items.push(Item::from_line(line.strip_suffix(',').unwrap_or(line))?);
        }
    }
    (lines.next()? == "  }" && lines.next().is_none()).then_some(catalogue)
}

/// The text of a catalogue, with an item a line.
fn catalogue_text(catalogue: &Catalogue) -> Result<Box<RawValue>, serde_json::Error> {
    let mut text = String::from("{");
    for (member, value) in [
        ("hash", Value::from(catalogue.hash().0)),
        ("protocol", Value::from(&*catalogue.protocol)),
        ("serverInfo", Value::Object(catalogue.server_info.clone())),
        (
            "capabilities",
            Value::Object(catalogue.capabilities.clone()),
        ),
        ("instructions", Value::from(catalogue.instructions.clone())),
    ] {
        text.push_str(&format!("\n    \"{member}\": {value},"));
    }
    for (member, items) in [
        // `as_written` begins here.
        ("tools", &catalogue.tools),
        ("prompts", &catalogue.prompts),
        ("resources", &catalogue.resources),
        ("templates", &catalogue.templates),
        ("skills", &catalogue.skills),
    ] {
        text.push_str(&format!("\n    \"{member}\": ["));
        for item in items {
            text.push_str("\n      ");
            text.push_str(item.text());
            text.push(',');
        }
        if !items.is_empty() {
            text.pop();
            text.push_str("\n    ");
        }
        text.push_str("],");
    }
    text.pop();
    text.push_str("\n  }");
    RawValue::from_string(text)
}

fn hash(text: &str) -> String {
    let digest = digest(&SHA256, text.as_bytes());
    let bytes = digest.as_ref().iter();
    bytes.map(|byte| format!("{byte:02x}")).collect()
}

pub(super) const FORMAT: u64 = 1;

/// Where the lists begin. No text in JSON holds it, because line breaks are escaped there.
const FIRST_LIST: &str = "\n    \"tools\": [";
const NO_LISTS: &str =
    r#""tools": [], "prompts": [], "resources": [], "templates": [], "skills": []}"#;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn items(names: &[&str]) -> Vec<Item> {
        let item = |name: &&str| json!({"name": name, "a": ["],", "\n    \"prompts\": ["]});
        let objects = names.iter().map(item);
        objects
            .map(|item| item.as_object().unwrap().clone().into())
            .collect()
    }

    #[test]
    fn a_catalogue_is_read_by_its_lines_as_it_is_by_its_values() {
        let several = Catalogue {
            protocol: "2025-11-25".to_owned(),
            instructions: Some("\n    \"tools\": [".to_owned()),
            tools: items(&["a", "b"]),
            resources: items(&["c"]),
            ..Catalogue::default()
        };
        let last = Catalogue {
            skills: items(&["d", "e", "f"]),
            ..Catalogue::default()
        };
        for catalogue in [Catalogue::default(), several, last] {
            let text = catalogue_text(&catalogue).unwrap();
            assert_eq!(as_written(text.get()).unwrap(), catalogue);
            let parsed: CatalogueRecord = serde_json::from_str(text.get()).unwrap();
            assert_eq!(parsed.hash, catalogue.hash().0);
            assert_eq!(parsed.catalogue(), catalogue);
            for other in [
                text.get().replace("    ", "  "),
                text.get().replace("],", "] ,"),
                format!("{} ", text.get()),
            ] {
                assert!(
                    as_written(&other).is_none_or(|found| found == catalogue),
                    "{other}"
                );
            }
        }
    }
}

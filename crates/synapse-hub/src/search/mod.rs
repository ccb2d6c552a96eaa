//! Full-text search over tools, in place of long lists.

mod signature;
mod words;

use std::collections::HashMap;

use serde_json::Value;
use synapse_mcp::JsonObject;

pub(crate) use self::signature::{IsReader, missing, signature};
use self::words::words;

/// An inverted index over tools, ranked by BM25 over weighted fields (BM25F).
#[derive(Debug, Default)]
pub(crate) struct Ranking {
    /// For each word, the tools containing it with the weighted frequency.
    postings: HashMap<String, Vec<(u32, f32)>>,
    /// The weighted length of each tool.
    lengths: Vec<f32>,
    average: f32,
}

impl Ranking {
    /// Indexes tools with their servers, in order.
    pub(crate) fn of<'a>(tools: impl Iterator<Item = (&'a str, &'a JsonObject)>) -> Self {
        let mut ranking = Self::default();
        for (number, (server, tool)) in tools.enumerate() {
            let Ok(number) = u32::try_from(number) else {
                break;
            };
            let mut frequencies: HashMap<String, f32> = HashMap::new();
            let mut length = 0.0;
            for (text, weight) in fields(server, tool) {
                for word in words(&text) {
                    *frequencies.entry(word).or_default() += weight;
                    length += weight;
                }
            }
            for (word, frequency) in frequencies {
                ranking
                    .postings
                    .entry(word)
                    .or_default()
                    .push((number, frequency));
            }
            ranking.lengths.push(length);
        }
        #[expect(clippy::cast_precision_loss, reason = "a count of tools")]
        let count = ranking.lengths.len().max(1) as f32;
        ranking.average = (ranking.lengths.iter().sum::<f32>() / count).max(1.0);
        ranking
    }

    /// The indices of tools matching `query`, best first. Ties keep the list order.
    pub(crate) fn find(&self, query: &str) -> Vec<usize> {
        let mut scores: HashMap<u32, f32> = HashMap::new();
        #[expect(clippy::cast_precision_loss, reason = "a count of tools")]
        let count = self.lengths.len() as f32;
        let mut asked = words(query);
        asked.sort();
        asked.dedup();
        asked.truncate(MOST_WORDS);
        for word in &asked {
            let Some(found) = self.postings.get(word) else {
                continue;
            };
            #[expect(clippy::cast_precision_loss, reason = "a count of tools")]
            let holders = found.len() as f32;
            let rarity = ((count - holders + 0.5) / (holders + 0.5) + 1.0).ln();
            for (number, frequency) in found {
                let length = self
                    .lengths
                    .get(*number as usize)
                    .copied()
                    .unwrap_or_default();
                let spread = 1.0 - LENGTH + LENGTH * length / self.average;
                let score =
                    rarity * frequency * (SATURATION + 1.0) / (frequency + SATURATION * spread);
                *scores.entry(*number).or_default() += score;
            }
        }
        let mut ranked: Vec<(u32, f32)> = scores.into_iter().collect();
        ranked.sort_by(|left, right| {
            right
                .1
                .total_cmp(&left.1)
                .then_with(|| left.0.cmp(&right.0))
        });
        ranked
            .into_iter()
            .map(|(number, _)| number as usize)
            .collect()
    }
}

/// The searched texts of a tool with their weights: the name outweighs the description.
fn fields(server: &str, tool: &JsonObject) -> Vec<(String, f32)> {
    let text = |member: &str| {
        let text = tool.get(member).and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    };
    let description = text("description");
    let head: String = first_sentence(&description).to_owned();
    let mut fields = vec![
        (text("name"), 3.0),
        (text("title"), 2.0),
        (head, 1.5),
        (description, 0.5),
        (server.to_owned(), 1.0),
    ];
    let properties = tool
        .get("inputSchema")
        .and_then(|schema| schema.get("properties")?.as_object());
    for (name, schema) in properties.into_iter().flatten() {
        fields.push((name.clone(), 0.7));
        if let Some(about) = schema.get("description").and_then(Value::as_str) {
            fields.push((about.to_owned(), 0.3));
        }
        let choices = schema.get("enum").and_then(Value::as_array);
        for choice in choices.into_iter().flatten().filter_map(Value::as_str) {
            fields.push((choice.to_owned(), 0.3));
        }
    }
    fields
}

/// The first sentence of a text, or its first line.
pub(crate) fn first_sentence(text: &str) -> &str {
    let line = text.trim_start().lines().next().unwrap_or_default();
    match line.find(". ") {
        Some(end) => line.get(..=end).unwrap_or(line),
        None => line,
    }
}

/// BM25's k1: how fast repeated words saturate.
const SATURATION: f32 = 1.2;
/// BM25's b: the penalty for long descriptions.
const LENGTH: f32 = 0.6;
/// Maximum distinct words per query.
const MOST_WORDS: usize = 64;

//! Shipped price lists. Parsed on first use and never fetched, so one may be older than its
//! vendor's page: every estimate carries its date.

use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

use serde_json::Value;
use synapse_core::money::{Price, PriceList, Rates, ServiceTier};
use synapse_core::provider::Tariff;
use synapse_core::time::Timestamp;
use synapse_core::{ModelId, Origin};

/// The list of one vendor, parsed at the first lookup.
#[derive(Debug)]
pub(crate) struct ShippedPrices {
    /// The origin with these prices. Compatible servers have their own, and a regional host of
    /// OpenAI costs more for some models
    /// (<https://developers.openai.com/api/docs/models/gpt-5.4-pro>).
    origin: &'static str,
    text: &'static str,
    spellings: Spellings,
    models: OnceLock<HashMap<String, PriceList>>,
}

/// Possible names of a model in the list. Exact only: a similar name may have another price.
type Spellings = fn(&str) -> [Option<&str>; 3];

impl ShippedPrices {
    /// Wraps the list in `text`.
    pub(crate) const fn new(
        origin: &'static str,
        text: &'static str,
        spellings: Spellings,
    ) -> Self {
        Self {
            origin,
            text,
            spellings,
            models: OnceLock::new(),
        }
    }

    /// OpenAI's list.
    pub(crate) const fn of_openai() -> Self {
        Self::new("https://api.openai.com", SHIPPED, spellings)
    }

    /// The price at `origin` of the serving model, else of the requested one.
    pub(crate) fn tariff(&self, origin: &Origin, served: Option<&str>, asked: &ModelId) -> Tariff {
        if origin.as_str() != self.origin {
            return Tariff::Unknown;
        }
        let mut models = served.into_iter().chain([asked.as_str()]);
        models
            .find_map(|model| self.find(model))
            .map_or(Tariff::Unknown, |list| Tariff::Listed(list.clone()))
    }

    pub(crate) fn find(&self, model: &str) -> Option<&PriceList> {
        let read = || read(self.text).unwrap_or_default();
        let listed = self.models.get_or_init(read);
        let mut names = (self.spellings)(model).into_iter().flatten();
        names.find_map(|name| listed.get(name))
    }
}

/// Its own name, the base model of a fine-tuned one, and the alias of a dated one.
fn spellings(model: &str) -> [Option<&str>; 3] {
    [Some(model), family(model), alias(model)]
}

/// `ft:gpt-4.1-2025-04-14` of `ft:gpt-4.1-2025-04-14:org::id`.
fn family(model: &str) -> Option<&str> {
    let base = model.strip_prefix("ft:")?.split(':').next()?;
    model.get(.."ft:".len() + base.len())
}

/// `gpt-5.5` of `gpt-5.5-2026-04-23`.
fn alias(model: &str) -> Option<&str> {
    let at = model.len().checked_sub(DAY_SUFFIX.len())?;
    let (alias, day) = model.split_at_checked(at)?;
    let fits = day.bytes().zip(DAY_SUFFIX.bytes()).all(|(each, pattern)| {
        if pattern == b'd' {
            each.is_ascii_digit()
        } else {
            each == pattern
        }
    });
    (fits && !alias.is_empty()).then_some(alias)
}

/// Parses a shipped list.
pub(crate) fn read(text: &str) -> Option<HashMap<String, PriceList>> {
    let file: Value = serde_json::from_str(text).ok()?;
    let priced_at: Timestamp = format!("{}T00:00:00Z", file.get("as_of")?.as_str()?)
        .parse()
        .ok()?;
    let models = file.get("models")?.as_object()?;
    Some(
        models
            .iter()
            .map(|(name, entry)| (name.clone(), list(entry, priced_at)))
            .collect(),
    )
}

fn list(entry: &Value, priced_at: Timestamp) -> PriceList {
    let tiers = [
        ("default", ServiceTier::Default),
        ("flex", ServiceTier::Flex),
        ("priority", ServiceTier::Priority),
    ];
    PriceList {
        priced_at,
        tiers: tiers
            .into_iter()
            .filter_map(|(word, tier)| Some((tier, rates(entry.get(word)?))))
            .collect::<BTreeMap<_, _>>(),
        long_context_from: entry.get("long_context_from").and_then(Value::as_u64),
    }
}

/// The prices in a JSON object, with this crate's member names; Hugging Face uses the first two as
/// well.
pub(crate) fn rates(prices: &Value) -> Rates {
    let price = |key: &str| prices.get(key).and_then(price);
    Rates {
        input: price("input"),
        output: price("output"),
        cache_read: price("cache_read"),
        cache_write: price("cache_write"),
    }
}

/// The shortest form of a JSON number is the number as written, up to 15 digits, so no binary
/// rounding affects the price.
pub(crate) fn price(number: &Value) -> Option<Price> {
    let number = number.as_number()?;
    Price::per_million(&number.to_string())
}

const SHIPPED: &str = include_str!("../data/openai-prices.json");
const DAY_SUFFIX: &str = "-dddd-dd-dd";

#[cfg(test)]
mod tests {
    use super::*;

    fn pico(price: Option<Price>) -> Option<u64> {
        price.map(Price::pico_usd_per_token)
    }

    #[test]
    fn the_shipped_list_is_read_whole() {
        let models = read(SHIPPED).unwrap();
        assert_eq!(models.len(), 97);
        for (name, list) in &models {
            assert_eq!(list.priced_at.to_string(), "2026-11-20T00:00:00.000Z");
            let rates = list.tiers.get(&ServiceTier::Default).unwrap();
            assert!(rates.input.is_some() && rates.output.is_some(), "{name}");
        }
        let terra = &models["gpt-5.6-terra"];
        assert_eq!(terra.long_context_from, Some(272_000));
        let flex = terra.tiers[&ServiceTier::Flex];
        assert_eq!(
            [flex.input, flex.output, flex.cache_read, flex.cache_write].map(pico),
            [
                Some(1_000_000),
                Some(6_000_000),
                Some(100_000),
                Some(1_250_000)
            ]
        );
        assert!(SHIPPED.contains("litellm 1.106.2") && SHIPPED.contains("(c) 2023 Berri AI"));
    }

    /// Compares the text of the file with the parsed numbers, digit by digit.
    #[test]
    fn no_price_changes_on_its_way_through_json() {
        let mut written: Vec<u64> = Vec::new();
        for line in SHIPPED.lines() {
            let Some((key, number)) = line.trim().split_once(": ") else {
                continue;
            };
            let number = number.trim_end_matches(',');
            if ![
                "\"input\"",
                "\"output\"",
                "\"cache_read\"",
                "\"cache_write\"",
            ]
            .contains(&key)
            {
                continue;
            }
            let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
            let digits = format!("{whole}{fraction:0<6}");
            assert_eq!(
                digits.len(),
                whole.len() + 6,
                "{line} has more than six decimals"
            );
            written.push(digits.parse().unwrap());
        }
        let mut seen: Vec<u64> = read(SHIPPED)
            .unwrap()
            .values()
            .flat_map(|list| list.tiers.values())
            .flat_map(|rates| {
                [
                    rates.input,
                    rates.output,
                    rates.cache_read,
                    rates.cache_write,
                ]
            })
            .filter_map(pico)
            .collect();
        written.sort_unstable();
        seen.sort_unstable();
        assert!(written.len() > 300, "{}", written.len());
        assert_eq!(seen, written);
    }

    #[test]
    fn lookups_follow_exact_rules() {
        let prices = ShippedPrices::of_openai();
        let input = |model: &str| pico(prices.find(model)?.tiers[&ServiceTier::Default].input);
        let terra = Some(2_000_000);
        assert_eq!(input("gpt-5.6-terra"), terra);
        assert_eq!(input("gpt-5.6-terra-2026-07-01"), terra, "a dated one");
        assert_eq!(
            input("ft:gpt-4.1-2025-04-14:org::id"),
            Some(3_000_000),
            "a fine-tuned one has its own price"
        );
        for unknown in [
            "",
            "gpt-5.6-terra-preview",
            "gpt-5.6-terra-20260701",
            "gpt-5.6-terra-2026-07-0x",
            "gpt-5.6-terra-2026-07-01-x",
            "-2026-07-01",
            "GPT-5.6-terra",
            "ft:gpt-9:org::id",
            "ü-2026-07-01",
        ] {
            assert_eq!(input(unknown), None, "{unknown}");
        }
    }
}

//! The shipped Anthropic price list, and its model names.

use crate::prices::ShippedPrices;

impl ShippedPrices {
    /// Anthropic's list.
    pub(crate) const fn of_anthropic() -> Self {
        Self::new("https://api.anthropic.com", SHIPPED, |model| {
            [Some(model), alias(model), None]
        })
    }
}

/// `claude-haiku-4-5` of `claude-haiku-4-5-20251001`.
pub(super) fn alias(model: &str) -> Option<&str> {
    let (alias, day) = model.rsplit_once('-')?;
    let is_day = day.len() == DAY_DIGITS && day.bytes().all(|byte| byte.is_ascii_digit());
    (is_day && !alias.is_empty()).then_some(alias)
}

const DAY_DIGITS: usize = 8;
const SHIPPED: &str = include_str!("../../data/anthropic-prices.json");

#[cfg(test)]
mod tests {
    use synapse_core::money::{Price, ServiceTier};

    use super::*;
    use crate::prices::read;

    #[test]
    fn the_shipped_list_is_read_whole() {
        let models = read(SHIPPED).unwrap();
        assert_eq!(models.len(), 22);
        for (name, list) in &models {
            assert_eq!(list.priced_at.to_string(), "2026-11-20T00:00:00.000Z");
            assert_eq!(
                list.tiers.len(),
                1,
                "{name}: only the usual tier has known prices"
            );
            let rates = list.tiers[&ServiceTier::Default];
            for price in [
                rates.input,
                rates.output,
                rates.cache_read,
                rates.cache_write,
            ] {
                assert!(price.is_some_and(|price| price > Price::FREE), "{name}");
            }
        }
        let haiku = models["claude-haiku-4-5"].tiers[&ServiceTier::Default];
        assert_eq!(
            [
                haiku.input,
                haiku.output,
                haiku.cache_read,
                haiku.cache_write
            ]
            .map(|price| price.map(Price::pico_usd_per_token)),
            [
                Some(1_000_000),
                Some(5_000_000),
                Some(100_000),
                Some(1_250_000)
            ]
        );
        assert_eq!(models["claude-haiku-4-5"].long_context_from, None);
        assert_eq!(models["claude-haiku-5-5"].long_context_from, Some(100_000));
        assert!(SHIPPED.contains("litellm 1.109.1") && SHIPPED.contains("(c) 2023 Berri AI"));
    }

    #[test]
    fn lookups_follow_exact_rules() {
        let prices = ShippedPrices::of_anthropic();
        let opus = prices.find("claude-opus-4-8");
        assert!(opus.is_some());
        assert_eq!(prices.find("claude-opus-4-8-20260528"), opus, "a dated one");
        for unknown in [
            "",
            "claude-opus-4",
            "claude-opus-4-8-latest",
            "claude-opus-4-8-2026-05-28",
            "claude-opus-4-8-2026052",
            "claude-opus-4-8-20260528-v1",
            "Claude-opus-4-8",
            "anthropic/claude-opus-4-8",
            "-20260528",
        ] {
            assert_eq!(prices.find(unknown), None, "{unknown}");
        }
    }
}

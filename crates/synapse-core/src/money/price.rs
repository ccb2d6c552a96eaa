//! Exact token prices without floating point, and their keys.
//!
//! Knows nothing about the source of lists; see [`crate::provider::Tariff`].

use std::collections::BTreeMap;
use std::fmt;

use crate::endpoint::Origin;
use crate::time::Timestamp;

/// The price of one token, in pico-USD (10⁻¹² USD).
///
/// Providers state US dollars per million tokens, so prices with up to six decimals are exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Price(u64);

impl Price {
    /// Free of charge.
    pub const FREE: Self = Self(0);

    /// From a decimal number of US dollars per million tokens, such as `0.075` or `1.5e-1`.
    ///
    /// Rounds after the sixth decimal. `None` if it is invalid, negative, too large, or would round
    /// to zero.
    ///
    /// ```
    /// use synapse_core::money::Price;
    /// let price = Price::per_million("0.075").unwrap();
    /// assert_eq!(price.pico_usd_per_token(), 75_000);
    /// ```
    #[must_use]
    pub fn per_million(usd: &str) -> Option<Self> {
        decimal(usd, PRICE_DIGITS).map(Self)
    }

    /// From a decimal number of US dollars per token, such as `0.00000045`, under the same rules.
    #[must_use]
    pub fn per_token(usd: &str) -> Option<Self> {
        decimal(usd, TOKEN_DIGITS).map(Self)
    }

    /// From pico-USD per token.
    #[must_use]
    pub const fn from_pico_usd(per_token: u64) -> Self {
        Self(per_token)
    }

    /// Pico-USD per token.
    #[must_use]
    pub const fn pico_usd_per_token(self) -> u64 {
        self.0
    }
}

/// US dollars per million tokens, with the necessary decimals, at least two.
impl fmt::Display for Price {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&shown(self.0, PRICE_DIGITS))
    }
}

/// The price of each kind of token. `None` is unknown, never zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rates {
    /// A prompt token.
    pub input: Option<Price>,
    /// A completion token, including reasoning.
    pub output: Option<Price>,
    /// A prompt token read from the provider's cache.
    pub cache_read: Option<Price>,
    /// A prompt token written to the provider's cache.
    pub cache_write: Option<Price>,
}

impl Rates {
    /// Free of charge.
    pub const FREE: Self = Self {
        input: Some(Price::FREE),
        output: Some(Price::FREE),
        cache_read: Some(Price::FREE),
        cache_write: Some(Price::FREE),
    };
}

/// The processing tier of a request, which determines the price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ServiceTier {
    /// The standard tier.
    Default,
    /// Slower and cheaper.
    Flex,
    /// Faster and more expensive.
    Priority,
}

impl ServiceTier {
    /// Parses an answer's `service_tier`; `None` for an unknown tier.
    ///
    /// An answer without one was processed in the default tier.
    #[must_use]
    pub fn parse(word: Option<&str>) -> Option<Self> {
        match word {
            None | Some("default" | "on_demand" | "standard") => Some(Self::Default),
            Some("flex") => Some(Self::Flex),
            // Requested as `fast` and returned as `priority`.
            Some("priority" | "fast") => Some(Self::Priority),
            Some(_) => None,
        }
    }
}

/// The prices of one model at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceList {
    /// The date of these prices.
    pub priced_at: Timestamp,
    /// The prices per tier.
    pub tiers: BTreeMap<ServiceTier, Rates>,
    /// Longer prompts have other, unknown prices.
    pub long_context_from: Option<u64>,
}

impl PriceList {
    /// A list without tiers: the default price applies to everything.
    #[must_use]
    pub fn flat(rates: Rates, priced_at: Timestamp) -> Self {
        Self {
            priced_at,
            tiers: BTreeMap::from([(ServiceTier::Default, rates)]),
            long_context_from: None,
        }
    }
}

/// The key of a price: a model served by a sub-provider at a router.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PriceKey {
    /// The router. Prices of one origin do not apply to another.
    pub origin: Origin,
    /// The model without suffix.
    pub model: String,
    /// The sub-provider.
    pub sub_provider: String,
}

/// A price stated by a router in a model list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenPrice {
    /// Its key.
    pub key: PriceKey,
    /// The stated prices, possibly none.
    pub rates: Rates,
}

/// Parses a non-negative decimal number, scaled by ten to the power of `digits`, rounded half up.
///
/// `None` also if a non-zero number would round to zero.
pub(crate) fn decimal(text: &str, digits: u32) -> Option<u64> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = [whole, fraction].concat();
    if whole.is_empty() || !all.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: u128 = all.parse().ok()?;
    let shift = i32::try_from(digits).ok()? + exponent.clamp(-FAR, FAR)
        - i32::try_from(fraction.len()).ok()?;
    let power = 10_u128.checked_pow(shift.unsigned_abs());
    let scaled = match (shift >= 0, power) {
        _ if number == 0 => 0,
        (true, power) => number.checked_mul(power?)?,
        // Less than one unit.
        (false, None) => return None,
        (false, Some(power)) => number.checked_add(power / 2)? / power,
    };
    if scaled == 0 && number > 0 {
        return None;
    }
    u64::try_from(scaled).ok()
}

/// Formats a number scaled by ten to the power of `digits` with the necessary decimals, at least
/// two: the inverse of [`decimal`].
pub(crate) fn shown(number: u64, digits: u32) -> String {
    let unit = 10_u64.saturating_pow(digits);
    let (whole, rest) = (number / unit, number % unit);
    let width = usize::try_from(digits).unwrap_or_default();
    let decimals = format!("{rest:0width$}");
    format!("{whole}.{:0<2}", decimals.trim_end_matches('0'))
}

/// One US dollar per million tokens is 10⁶ pico-USD per token.
const PRICE_DIGITS: u32 = 6;
/// One US dollar per token is 10¹² pico-USD per token.
const TOKEN_DIGITS: u32 = 12;
/// Exponents beyond this are out of range anyway, and must not overflow.
const FAR: i32 = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact() {
        for (text, pico) in [
            ("0", 0),
            ("0.0", 0),
            ("5", 5_000_000),
            ("5.0", 5_000_000),
            ("0.075", 75_000),
            ("15.625", 15_625_000),
            ("0.1", 100_000),
            ("0.000001", 1),
            ("1e-6", 1),
            ("1.5E-1", 150_000),
            ("2.5e2", 250_000_000),
            ("0.1500000000000000222", 150_000),
            ("0.0000015", 2),
            ("0e999999999", 0),
        ] {
            let price = Price::per_million(text);
            assert_eq!(price.map(Price::pico_usd_per_token), Some(pico), "{text}");
        }
        for bad in [
            "",
            ".",
            ".5",
            "-1",
            "+1",
            "1.2.3",
            "NaN",
            "inf",
            "1e",
            "e5",
            "1,5",
            "1e30",
            "1e999999999",
            "1e99999999999",
            "0.0000001",
            "1e-60",
            "1e-999999999",
            "99999999999999999999",
            " 1",
        ] {
            assert_eq!(Price::per_million(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_price_per_token_is_the_price_per_million() {
        for (token, million) in [("0.00000045", "0.45"), ("4.5e-7", "0.45"), ("0", "0")] {
            assert_eq!(
                Price::per_token(token),
                Price::per_million(million),
                "{token}"
            );
        }
        // A router's value for a price that depends on the sub-provider.
        assert_eq!(Price::per_token("-1"), None);
    }

    /// Demonstrates why this crate avoids floating point: the nearest binary number times a million
    /// is not the price.
    #[test]
    fn every_price_of_six_decimals_survives_the_way_through_a_json_number() {
        let mut state = 7_u64;
        for _ in 0..20_000 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let pico = (state >> 33) % 1_000_000_000;
            let text = Price::from_pico_usd(pico).to_string();
            let number: serde_json::Number = serde_json::from_str(&text).unwrap();
            let back = Price::per_million(&number.to_string()).unwrap();
            assert_eq!(back.pico_usd_per_token(), pico, "{text}");
        }
    }

    #[test]
    fn prices_show_as_dollars_per_million() {
        let shown = |pico| Price::from_pico_usd(pico).to_string();
        assert_eq!(shown(1_690_000), "1.69");
        assert_eq!(shown(5_000_000), "5.00");
        assert_eq!(shown(75_000), "0.075");
        assert_eq!(shown(0), "0.00");
    }

    #[test]
    fn a_tier_that_is_not_known_has_no_price() {
        let tier = |word| ServiceTier::parse(Some(word));
        assert_eq!(ServiceTier::parse(None), Some(ServiceTier::Default));
        assert_eq!(tier("default"), Some(ServiceTier::Default));
        assert_eq!(tier("standard"), Some(ServiceTier::Default));
        assert_eq!(tier("flex"), Some(ServiceTier::Flex));
        assert_eq!(tier("priority"), Some(ServiceTier::Priority));
        for unknown in ["scale", "auto", "", "Default"] {
            assert_eq!(tier(unknown), None, "{unknown}");
        }
    }
}

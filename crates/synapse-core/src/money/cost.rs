//! Cost arithmetic. Money is whole nano-USD or pico-USD, never floating point.

use std::fmt;

use super::price::{Price, PriceList, Rates, ServiceTier, decimal, shown};
use crate::time::Timestamp;

/// The cost of a call in nano-USD (10⁻⁹ USD). Unknown is `None`, never zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cost {
    /// The amount.
    pub amount_nano_usd: Option<u64>,
    /// The source of the amount.
    pub source: CostSource,
    /// The date of the prices of an estimate.
    pub priced_at: Option<Timestamp>,
}

/// The source of a cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum CostSource {
    /// Stated in the answer.
    Actual,
    /// Counted tokens times listed prices.
    Estimated,
    /// Unknown.
    #[default]
    Unknown,
}

impl CostSource {
    /// Every source.
    pub const ALL: [Self; 3] = [Self::Actual, Self::Estimated, Self::Unknown];

    /// Its name in the ledger and in output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Actual => "ACTUAL",
            Self::Estimated => "ESTIMATED",
            Self::Unknown => "UNKNOWN",
        }
    }

    /// Parses a source, case-insensitively: documents contain both.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|source| source.as_str().eq_ignore_ascii_case(word))
    }
}

/// Token counts from the provider. `None` is unknown, never zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Prompt tokens, including cached ones.
    pub prompt_tokens: Option<u64>,
    /// Answer tokens, including reasoning.
    pub completion_tokens: Option<u64>,
    /// Prompt tokens read from the provider's cache.
    pub cached_tokens: Option<u64>,
    /// Prompt tokens written to the provider's cache.
    pub cache_write_tokens: Option<u64>,
    /// Completion tokens spent on reasoning.
    pub reasoning_tokens: Option<u64>,
}

/// Billing facts of an answer, besides token counts. `None` is unknown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Billing {
    /// The processing tier, in the provider's terms.
    pub service_tier: Option<String>,
    /// Audio tokens of prompt and completion, which have their own prices.
    pub audio_tokens: Option<u64>,
    /// The stated cost in nano-USD.
    pub stated_nano_usd: Option<u64>,
    /// A router used the caller's own upstream key, so listed prices do not apply.
    pub own_key: bool,
}

impl Billing {
    /// Converts a decimal number of US dollars, such as `0.00014`, to nano-USD; `None` if invalid.
    #[must_use]
    pub fn nano_usd(usd: &str) -> Option<u64> {
        decimal(usd, NANO_DIGITS)
    }
}

/// Nano-USD as US dollars with the necessary decimals, at least two: `0.00014`.
#[must_use]
pub fn dollars(nano_usd: u64) -> String {
    shown(nano_usd, NANO_DIGITS)
}

/// Why there is no estimate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unpriced {
    /// Prompt or completion tokens are unknown.
    #[error("the answer does not count its tokens")]
    NoTokens,
    /// The counts are contradictory, or the sum overflows.
    #[error("the token counts cannot be right")]
    Implausible,
    /// Audio tokens have other prices.
    #[error("it has audio tokens, which have other prices")]
    Audio,
    /// The list lacks the tier.
    #[error("it was processed in a tier whose prices are not known")]
    Tier,
    /// Above a certain length other prices apply.
    #[error("the prompt is longer than the known prices go")]
    LongContext,
    /// A used kind of token has no price.
    #[error("a price that is needed is not known")]
    Price,
}

/// The amount and its source, such as `$0.00014 estimated`; `unknown` without one.
impl fmt::Display for Cost {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(amount) = self.amount_nano_usd else {
            return formatter.write_str("unknown");
        };
        let word = match self.source {
            CostSource::Actual => "",
            CostSource::Estimated => " estimated",
            CostSource::Unknown => " of unknown source",
        };
        write!(formatter, "${}{word}", dollars(amount))
    }
}

impl Cost {
    /// The cost of an answer: as stated, else estimated with `prices`, else unknown.
    #[must_use]
    pub fn of(usage: &Usage, billing: &Billing, prices: Option<&PriceList>) -> Self {
        if let Some(stated) = billing.stated_nano_usd {
            return Self {
                amount_nano_usd: Some(stated),
                source: CostSource::Actual,
                priced_at: None,
            };
        }
        let prices = prices.filter(|_| !billing.own_key);
        let estimated =
            prices.and_then(|prices| Some((estimate(usage, billing, prices).ok()?, prices)));
        match estimated {
            None => Self::default(),
            Some((amount, prices)) => Self {
                amount_nano_usd: Some(amount),
                source: CostSource::Estimated,
                priced_at: Some(prices.priced_at),
            },
        }
    }
}

/// Counted tokens times listed prices, in nano-USD, rounded half up once at the end.
///
/// Completion tokens include reasoning; prompt tokens include cached and cache-written ones.
/// Unreported cache and audio tokens count as zero.
///
/// # Errors
/// Why there is no estimate.
pub fn estimate(usage: &Usage, billing: &Billing, prices: &PriceList) -> Result<u64, Unpriced> {
    let (Some(prompt), Some(completion)) = (usage.prompt_tokens, usage.completion_tokens) else {
        return Err(Unpriced::NoTokens);
    };
    let cache_read = usage.cached_tokens.unwrap_or(0);
    let cache_write = usage.cache_write_tokens.unwrap_or(0);
    let fresh = prompt
        .checked_sub(cache_read)
        .and_then(|rest| rest.checked_sub(cache_write))
        .ok_or(Unpriced::Implausible)?;
    if billing.audio_tokens.is_some_and(|tokens| tokens > 0) {
        return Err(Unpriced::Audio);
    }
    let tier = ServiceTier::parse(billing.service_tier.as_deref());
    let rates: &Rates = tier
        .and_then(|tier| prices.tiers.get(&tier))
        .ok_or(Unpriced::Tier)?;
    if prices.long_context_from.is_some_and(|from| prompt > from) {
        return Err(Unpriced::LongContext);
    }
    let pico_usd = [
        (fresh, rates.input),
        (cache_read, rates.cache_read),
        (cache_write, rates.cache_write),
        (completion, rates.output),
    ]
    .into_iter()
    .try_fold(0_u128, |sum, (tokens, price)| {
        Ok(sum + amount(tokens, price)?)
    })?;
    u64::try_from((pico_usd + PICO_PER_NANO / 2) / PICO_PER_NANO).map_err(|_| Unpriced::Implausible)
}

/// In pico-USD. Zero tokens need no price.
fn amount(tokens: u64, price: Option<Price>) -> Result<u128, Unpriced> {
    match (tokens, price) {
        (0, _) => Ok(0),
        (_, None) => Err(Unpriced::Price),
        (tokens, Some(price)) => Ok(u128::from(tokens) * u128::from(price.pico_usd_per_token())),
    }
}

const NANO_DIGITS: u32 = 9;
const PICO_PER_NANO: u128 = 1_000;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn price(usd: &str) -> Option<Price> {
        Some(Price::per_million(usd).unwrap())
    }

    /// Prices shaped like a current OpenAI model's.
    fn prices() -> PriceList {
        let rates = |input, output, cache_read, cache_write| Rates {
            input: price(input),
            output: price(output),
            cache_read: price(cache_read),
            cache_write: price(cache_write),
        };
        PriceList {
            priced_at: Timestamp::from_millis(1_795_132_800_000),
            tiers: BTreeMap::from([
                (ServiceTier::Default, rates("2", "12", "0.2", "2.5")),
                (ServiceTier::Flex, rates("1", "6", "0.1", "1.25")),
                (ServiceTier::Priority, rates("4", "24", "0.4", "5")),
            ]),
            long_context_from: Some(272_000),
        }
    }

    fn usage(prompt: u64, cached: u64, written: u64, completion: u64) -> Usage {
        Usage {
            prompt_tokens: Some(prompt),
            completion_tokens: Some(completion),
            cached_tokens: Some(cached),
            cache_write_tokens: Some(written),
            // Included in the completion tokens, not counted again.
            reasoning_tokens: Some(completion),
        }
    }

    fn tier(word: &str) -> Billing {
        Billing {
            service_tier: Some(word.to_owned()),
            ..Billing::default()
        }
    }

    #[test]
    fn a_cost_says_how_well_it_is_known() {
        let text = |amount_nano_usd, source| {
            let cost = Cost {
                amount_nano_usd,
                source,
                priced_at: None,
            };
            cost.to_string()
        };
        assert_eq!(text(Some(1), CostSource::Actual), "$0.000000001");
        assert_eq!(text(Some(0), CostSource::Estimated), "$0.00 estimated");
        assert_eq!(text(None, CostSource::Unknown), "unknown");
    }

    #[test]
    fn tokens_times_prices_is_the_golden_amount() {
        let usage = usage(10_000, 4_000, 1_000, 500);
        // 5000 × 2000 + 4000 × 200 + 1000 × 2500 + 500 × 12000 nano-USD.
        for (word, nano_usd) in [
            ("default", 19_300_000),
            ("flex", 9_650_000),
            ("priority", 38_600_000),
        ] {
            assert_eq!(estimate(&usage, &tier(word), &prices()), Ok(nano_usd));
        }
        let cost = Cost::of(&usage, &Billing::default(), Some(&prices()));
        assert_eq!(
            cost,
            Cost {
                amount_nano_usd: Some(19_300_000),
                source: CostSource::Estimated,
                priced_at: Some(prices().priced_at),
            }
        );
    }

    #[test]
    fn rounding_happens_once_and_half_up() {
        let rates = Rates {
            input: price("0.0004"),
            output: price("0.0001"),
            ..Rates::default()
        };
        let list = PriceList::flat(rates, prices().priced_at);
        let nano = |prompt, completion| {
            estimate(&usage(prompt, 0, 0, completion), &Billing::default(), &list)
        };
        // 400 + 100 pico-USD: each alone would round to nothing.
        assert_eq!(nano(1, 1), Ok(1));
        assert_eq!(nano(1, 0), Ok(0));
        assert_eq!(nano(0, 0), Ok(0));
    }

    #[test]
    fn every_reason_not_to_know_leads_to_unknown() {
        let none = Billing::default();
        let all = prices();
        let mut no_cache = prices();
        for rates in no_cache.tiers.values_mut() {
            rates.cache_read = None;
            rates.cache_write = None;
        }
        let mut no_output = prices();
        for rates in no_output.tiers.values_mut() {
            rates.output = None;
        }
        let untold = |change: fn(&mut Usage)| {
            let mut usage = usage(10, 0, 0, 5);
            change(&mut usage);
            usage
        };
        let audio = Billing {
            audio_tokens: Some(1),
            ..Billing::default()
        };
        let flat = PriceList::flat(Rates::FREE, all.priced_at);
        for (usage, billing, prices, reason) in [
            (Usage::default(), &none, &all, Unpriced::NoTokens),
            (
                untold(|usage| usage.prompt_tokens = None),
                &none,
                &all,
                Unpriced::NoTokens,
            ),
            (
                untold(|usage| usage.completion_tokens = None),
                &none,
                &all,
                Unpriced::NoTokens,
            ),
            (usage(10, 11, 0, 5), &none, &all, Unpriced::Implausible),
            (usage(10, 6, 5, 5), &none, &all, Unpriced::Implausible),
            (
                usage(u64::MAX - 1, 0, 0, 0),
                &none,
                &PriceList {
                    long_context_from: None,
                    ..all.clone()
                },
                Unpriced::Implausible,
            ),
            (usage(10, 0, 0, 5), &audio, &all, Unpriced::Audio),
            (usage(10, 0, 0, 5), &tier("scale"), &all, Unpriced::Tier),
            (usage(10, 0, 0, 5), &tier("flex"), &flat, Unpriced::Tier),
            (usage(272_001, 0, 0, 5), &none, &all, Unpriced::LongContext),
            (usage(10, 1, 0, 5), &none, &no_cache, Unpriced::Price),
            (usage(10, 0, 1, 5), &none, &no_cache, Unpriced::Price),
            (usage(10, 0, 0, 5), &none, &no_output, Unpriced::Price),
        ] {
            assert_eq!(estimate(&usage, billing, prices), Err(reason), "{usage:?}");
            assert_eq!(Cost::of(&usage, billing, Some(prices)), Cost::default());
        }
        assert_eq!(Cost::of(&usage(10, 0, 0, 5), &none, None), Cost::default());
        // Only used tokens need a price.
        assert!(estimate(&usage(272_000, 0, 0, 0), &none, &all).is_ok());
        assert!(estimate(&usage(10, 0, 0, 5), &none, &no_cache).is_ok());
        assert!(estimate(&usage(10, 0, 0, 0), &none, &no_output).is_ok());
    }

    #[test]
    fn free_is_known_and_is_zero() {
        let list = PriceList::flat(Rates::FREE, prices().priced_at);
        let cost = Cost::of(&usage(10, 2, 3, 5), &Billing::default(), Some(&list));
        assert_eq!(
            (cost.amount_nano_usd, cost.source),
            (Some(0), CostSource::Estimated)
        );
    }

    #[test]
    fn only_stated_money_is_actual_and_it_wins() {
        let stated = Billing {
            stated_nano_usd: Billing::nano_usd("0.00014"),
            ..tier("scale")
        };
        let actual = Cost {
            amount_nano_usd: Some(140_000),
            source: CostSource::Actual,
            priced_at: None,
        };
        assert_eq!(Cost::of(&Usage::default(), &stated, None), actual);
        assert_eq!(
            Cost::of(&usage(10, 0, 0, 5), &stated, Some(&prices())),
            actual
        );
        assert_eq!(Billing::nano_usd("1.4e-05"), Some(14_000));
        for none in ["-1", "free", "1e-12", "1e30"] {
            assert_eq!(Billing::nano_usd(none), None, "{none}");
        }
    }

    #[test]
    fn amounts_are_shown_exactly() {
        for (nano_usd, text) in [
            (0, "0.00"),
            (1, "0.000000001"),
            (1_500_000_000, "1.50"),
            (12_345_000_000, "12.345"),
            (u64::MAX, "18446744073.709551615"),
        ] {
            assert_eq!(dollars(nano_usd), text);
            assert_eq!(Billing::nano_usd(text), Some(nano_usd));
        }
    }

    #[test]
    fn sources_parse_back() {
        for source in CostSource::ALL {
            assert_eq!(CostSource::parse(source.as_str()), Some(source));
            let lower = source.as_str().to_lowercase();
            assert_eq!(CostSource::parse(&lower), Some(source));
        }
        assert_eq!(CostSource::parse("GUESSED"), None);
    }

    /// Over many random calls: more tokens never cost less, a cached token never costs more than an
    /// uncached one, and the amount equals exact arithmetic within half a nano-USD.
    #[test]
    fn estimates_are_monotonic_and_exact() {
        let mut state = 42_u64;
        let mut draw = |below: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 20) % below
        };
        let none = Billing::default();
        for _ in 0..20_000 {
            let prompt = draw(272_000);
            let cached = draw(prompt + 1);
            let written = draw(prompt - cached + 1);
            let completion = draw(100_000);
            let usage_of = |cached, completion| usage(prompt, cached, written, completion);
            let rate = &mut |most| Price::from_pico_usd(draw(most));
            let input = rate(50_000_000);
            let cache_read = Price::from_pico_usd(input.pico_usd_per_token() / 4);
            let rates = Rates {
                input: Some(input),
                output: Some(rate(500_000_000)),
                cache_read: Some(cache_read),
                cache_write: Some(rate(50_000_000)),
            };
            let list = PriceList::flat(rates, prices().priced_at);
            let nano = |usage: &Usage| estimate(usage, &none, &list).unwrap();
            let amount = nano(&usage_of(cached, completion));
            assert!(nano(&usage_of(cached, completion + 1)) >= amount);
            assert!(nano(&usage_of(0, completion)) >= amount);
            let pico = |tokens: u64, price: Option<Price>| {
                i128::from(tokens) * i128::from(price.unwrap().pico_usd_per_token())
            };
            let exact = pico(prompt - cached - written, rates.input)
                + pico(cached, rates.cache_read)
                + pico(written, rates.cache_write)
                + pico(completion, rates.output);
            assert!((i128::from(amount) * 1000 - exact).abs() <= 500);
        }
    }
}

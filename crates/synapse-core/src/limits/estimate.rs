//! Estimates a call's maximum usage before it is sent.

use crate::chat::{ChatRequest, Content, Message, Part};
use crate::money::{Price, PriceList, ServiceTier};

/// A call's estimated maximum usage.
///
/// A token covers at least one byte, so the prompt's bytes bound its tokens, plus an allowance for
/// the provider's framing of each message. `max_tokens` bounds the answer. Without a bound
/// ([`Need::bounded`] is false) a typical size is assumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsageEstimate {
    /// Tokens.
    pub tokens: Need,
    /// Nano-USD; `None` without a known price.
    pub nano_usd: Option<Need>,
}

/// A range of usage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Need {
    /// If less than this is left, the call exceeds the limit.
    pub least: u64,
    /// The amount to reserve, or the remainder if that is less.
    pub most: u64,
}

impl Need {
    /// Whether the maximum is certain.
    #[must_use]
    pub const fn bounded(self) -> bool {
        self.least == self.most
    }
}

impl UsageEstimate {
    /// The estimate for a request of this size without a known price.
    #[must_use]
    pub fn of_text(bytes: u64, max_tokens: Option<u64>) -> Self {
        let prompt = bytes.saturating_add(PER_MESSAGE);
        let completion = completion(max_tokens);
        Self {
            tokens: Need {
                least: prompt.saturating_add(completion.least),
                most: prompt.saturating_add(completion.most),
            },
            nano_usd: None,
        }
    }

    /// The estimate for `request` at these prices.
    #[must_use]
    pub fn of(request: &ChatRequest, prices: Option<&PriceList>) -> Self {
        let parameters = &request.parameters;
        let fixed = [&parameters.response_format, &parameters.tool_choice]
            .into_iter()
            .flatten()
            .chain(&parameters.tools)
            .map(|value| length(&value.to_string()));
        let text: u64 = request.messages.iter().map(text_bound).sum::<u64>() + fixed.sum::<u64>();
        let prompt = text.saturating_add(PER_MESSAGE);
        let images: u64 = request.messages.iter().map(images).sum();
        let prompt = Need {
            least: prompt,
            most: prompt.saturating_add(images.saturating_mul(ASSUMED_IMAGE)),
        };
        let completion = completion(parameters.max_tokens);
        let tier = ServiceTier::parse(parameters.service_tier.as_deref());
        let cost = prices.and_then(|prices| {
            let rates = prices.tiers.get(&tier?)?;
            let beyond = |from: u64| prompt.most > from;
            if prices.long_context_from.is_some_and(beyond) {
                return None;
            }
            let input = rates.input?.max(rates.cache_write.unwrap_or(Price::FREE));
            let output = rates.output?;
            Some(Need {
                least: nano_usd(prompt.least, input, completion.least, output)?,
                most: nano_usd(prompt.most, input, completion.most, output)?,
            })
        });
        Self {
            tokens: Need {
                least: prompt.least.saturating_add(completion.least),
                most: prompt.most.saturating_add(completion.most),
            },
            nano_usd: cost,
        }
    }
}

fn completion(max_tokens: Option<u64>) -> Need {
    match max_tokens {
        Some(cap) => Need {
            least: cap,
            most: cap,
        },
        None => Need {
            least: 0,
            most: ASSUMED_COMPLETION,
        },
    }
}

/// Rounded up, because it is a bound.
fn nano_usd(prompt: u64, input: Price, completion: u64, output: Price) -> Option<u64> {
    let part = |tokens: u64, price: Price| {
        u128::from(tokens).checked_mul(u128::from(price.pico_usd_per_token()))
    };
    let pico = part(prompt, input)?.checked_add(part(completion, output)?)?;
    u64::try_from(pico.div_ceil(1_000)).ok()
}

fn text_bound(message: &Message) -> u64 {
    let content = match &message.content {
        None => 0,
        Some(Content::Text(text)) => length(text),
        Some(Content::Parts(parts)) => parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => length(text),
                Part::Image(_) => 0,
            })
            .sum(),
    };
    let calls = message
        .tool_calls
        .iter()
        .map(|call| length(&call.to_string()));
    let names = [&message.name, &message.tool_call_id];
    let names = names.into_iter().flatten().map(|name| length(name));
    content + calls.sum::<u64>() + names.sum::<u64>() + PER_MESSAGE
}

fn images(message: &Message) -> u64 {
    match &message.content {
        Some(Content::Parts(parts)) => {
            let images = parts.iter().filter(|part| matches!(part, Part::Image(_)));
            u64::try_from(images.count()).unwrap_or(u64::MAX)
        }
        Some(Content::Text(_)) | None => 0,
    }
}

fn length(text: &str) -> u64 {
    u64::try_from(text.len()).unwrap_or(u64::MAX)
}

/// A generous allowance for the framing of a message.
const PER_MESSAGE: u64 = 16;
/// Assumed answer length without `max_tokens`.
const ASSUMED_COMPLETION: u64 = 16_384;
/// Assumed tokens per image.
const ASSUMED_IMAGE: u64 = 4_096;

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::money::Rates;
    use crate::time::Timestamp;

    pub(in crate::limits) fn request(text: &str, max_tokens: Option<u64>) -> ChatRequest {
        let mut request = ChatRequest::prompt("m".parse().unwrap(), text);
        request.parameters.max_tokens = max_tokens;
        request
    }

    fn prices() -> PriceList {
        let rates = Rates {
            input: Price::per_million("1"),
            output: Price::per_million("10"),
            ..Rates::default()
        };
        PriceList::flat(rates, Timestamp::from_millis(0))
    }

    #[test]
    fn a_capped_prompt_is_bounded_by_its_bytes_and_its_cap() {
        let demand = UsageEstimate::of(&request("hello", Some(100)), Some(&prices()));
        assert!(demand.tokens.bounded());
        assert_eq!(demand.tokens.most, 5 + 32 + 100);
        // 37 prompt tokens at 1 µUSD, 100 at 10.
        assert_eq!(demand.nano_usd.unwrap().most, 37_000 + 1_000_000);
        assert_eq!(
            UsageEstimate::of(&request("hello", None), None).nano_usd,
            None
        );
    }
}

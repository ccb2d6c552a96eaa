//! What a call may take, bounded from above before it is sent.

use crate::chat::{ChatRequest, Content, Message, Part};
use crate::price::{Price, PriceList, ServiceTier};

/// What a call may take, told before it is sent.
///
/// A token covers at least one byte, so the bytes of the prompt bound its tokens from above, with
/// an allowance for what the provider wraps around each message. The answer is bounded by
/// `max_tokens`. Where there is no bound ([`Need::bounded`] is false) a usual size is assumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsageEstimate {
    /// Tokens.
    pub tokens: Need,
    /// Nano-USD; `None` when no price is known beforehand.
    pub nano_usd: Option<Need>,
}

/// How much of something a call may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Need {
    /// Without so much the call is a breach.
    pub least: u64,
    /// So much is set aside, or what is left if that is less.
    pub most: u64,
}

impl Need {
    /// Whether the call cannot take more than that.
    #[must_use]
    pub const fn bounded(self) -> bool {
        self.least == self.most
    }
}

impl UsageEstimate {
    /// What a request of so many bytes may take when nothing is known of its price.
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

    /// What `request` may take at these prices.
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

/// Tokens that a provider may wrap around one message, generously.
const PER_MESSAGE: u64 = 16;
/// An answer without `max_tokens` is taken to be at most so long.
const ASSUMED_COMPLETION: u64 = 16_384;
/// An image is taken to be at most so many tokens.
const ASSUMED_IMAGE: u64 = 4_096;

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::price::Rates;
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

//! Facts about an answer that its text does not show: truncated, withheld, refused, or only
//! reasoning. Every surface shows them beside the text.

use super::{ChatReply, FinishReason};

/// A remark on the text of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remark<'a> {
    /// The state of the answer: `no text`, `cut off`.
    pub state: &'static str,
    /// The provider's finish reason. Foreign text.
    pub reason: Option<&'a str>,
    /// Its meaning, if known.
    pub why: Option<&'static str>,
    /// The reasoning, if there is no other text. Foreign text.
    pub reasoning: Option<&'a str>,
}

impl ChatReply {
    /// The text of the answer, or else the refusal; `None` if both are empty.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        let texts = [&self.content, &self.refusal].into_iter().flatten();
        texts.map(String::as_str).find(|text| !text.is_empty())
    }

    /// The remark on [`ChatReply::text`]; `None` if it is the complete answer.
    #[must_use]
    pub fn remark(&self) -> Option<Remark<'_>> {
        let reason = self.finish_reason.as_ref();
        let said = |content: &Option<String>| content.as_ref().is_some_and(|text| !text.is_empty());
        let remark = |state, why| {
            Some(Remark {
                state,
                reason: reason.map(FinishReason::as_str),
                why,
                reasoning: None,
            })
        };
        match (said(&self.content), said(&self.refusal)) {
            (true, false) => {
                let why = reason.and_then(FinishReason::with_text)?;
                remark("cut off", Some(why))
            }
            (true, true) => remark("refused", Some("the model declined to say more")),
            (false, true) => remark("refused", Some("the text says why the model declined")),
            (false, false) => {
                let why = reason.and_then(FinishReason::without_text);
                let reasoning = self
                    .reasoning
                    .as_deref()
                    .filter(|text| !text.trim().is_empty());
                let only_reasoning = reasoning.filter(|_| self.tool_calls.is_empty());
                Some(Remark {
                    state: "no text",
                    reason: reason.map(FinishReason::as_str),
                    why: why.or_else(|| {
                        only_reasoning.map(|_| "all of the answer is in its reasoning")
                    }),
                    reasoning: only_reasoning,
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(content: &str, refusal: &str, reasoning: &str, reason: &str) -> ChatReply {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        ChatReply {
            content: some(content),
            refusal: some(refusal),
            reasoning: some(reasoning),
            finish_reason: some(reason).map(FinishReason::new),
            ..ChatReply::default()
        }
    }

    #[test]
    fn a_whole_answer_needs_no_remark() {
        for reason in [
            "stop",
            "end_turn",
            "stop_sequence",
            "tool_calls",
            "unheard-of",
            "",
        ] {
            assert_eq!(
                reply("text", "", "thoughts", reason).remark(),
                None,
                "{reason}"
            );
        }
    }

    #[test]
    fn an_answer_that_is_not_whole_says_so() {
        for (reason, part) in [
            ("length", "token cap"),
            ("max_tokens", "token cap"),
            ("MAX_TOKENS", "token cap"),
            ("model_length", "context"),
            ("model_context_window_exceeded", "context"),
            ("content_filter", "filter"),
            ("SAFETY", "filter"),
            ("refusal", "declined"),
            ("flagged", "filter"),
            ("error", "failed"),
            ("ERROR", "failed"),
            ("insufficient_system_resource", "failed"),
            ("MALFORMED_FUNCTION_CALL", "failed"),
            ("pause_turn", "paused"),
        ] {
            let cut = reply("text", "", "", reason);
            let remark = cut.remark().unwrap();
            assert_eq!((remark.state, remark.reason), ("cut off", Some(reason)));
            assert!(remark.why.unwrap().contains(part), "{reason}: {remark:?}");
            let silent = reply("", "", "", reason);
            let remark = silent.remark().unwrap();
            assert_eq!((remark.state, remark.reason), ("no text", Some(reason)));
            assert!(remark.why.unwrap().contains(part), "{reason}: {remark:?}");
        }
        assert_eq!(
            reply("", "I will not.", "", "stop").remark().unwrap().state,
            "refused"
        );
        assert_eq!(reply("", "", "", "").remark().unwrap().why, None);
    }

    #[test]
    fn an_answer_that_is_only_reasoning_is_shown_as_that() {
        let thought = reply("", "", "Fifty-six.", "stop");
        let remark = thought.remark().unwrap();
        assert_eq!(remark.reasoning, Some("Fifty-six."));
        assert!(remark.why.unwrap().contains("reasoning"));
        let spent = reply("", "", "Hmm", "length");
        let remark = spent.remark().unwrap();
        assert_eq!(remark.reasoning, Some("Hmm"));
        assert!(remark.why.unwrap().contains("token cap"));
    }
}

//! The known word that a mistyped one most likely was to be.

/// Returns the word of `known` that is at most two edits away from `word`, if one is, and not more
/// than half of its own length. Case does not count.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > LONGEST {
        return None;
    }
    let word = word.to_lowercase();
    known
        .into_iter()
        .map(|each| (strsim::levenshtein(&word, &each.to_lowercase()), each))
        .filter(|(distance, each)| *distance <= 2 && distance * 2 <= each.len())
        .min()
        .map(|(_, each)| each)
}

/// Longer input is no slip of the finger, and comparing it costs its square.
const LONGEST: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_close_or_none() {
        let known = ["openai", "ollama", "hf", "openrouter"];
        for (word, near) in [
            ("openia", Some("openai")),
            ("OpenAI", Some("openai")),
            ("olama", Some("ollama")),
            ("open-router", Some("openrouter")),
            ("h", Some("hf")),
            ("cohere", None),
            ("x", None),
        ] {
            assert_eq!(nearest(word, known), near, "{word}");
        }
        assert_eq!(nearest(&"openai".repeat(100_000), known), None);
    }
}

//! Suggestions for mistyped words.

/// Returns a word of `known` within an edit distance of two from `word`, and of half its length.
/// Case-insensitive.
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

/// Returns at most `most` words of `known` similar to `word`, best first. Case-insensitive, and
/// ignores the maker before a `/`.
pub fn likest<'a>(
    word: &str,
    known: impl IntoIterator<Item = &'a str>,
    most: usize,
) -> Vec<&'a str> {
    if word.len() > LONGEST_NAME {
        return Vec::new();
    }
    let word = word.to_lowercase();
    let bare = |name: &str| name.rsplit('/').next().unwrap_or_default().to_owned();
    let mut ranked: Vec<(f64, &str)> = known
        .into_iter()
        .filter(|each| each.len() <= LONGEST_NAME)
        .map(|each| {
            let name = each.to_lowercase();
            let whole = strsim::jaro_winkler(&word, &name);
            (
                whole.max(strsim::jaro_winkler(&bare(&word), &bare(&name))),
                each,
            )
        })
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .collect();
    ranked.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    ranked
        .into_iter()
        .take(most)
        .map(|(_, each)| each)
        .collect()
}

/// Maximum length of a compared model id: cost grows with the product of both lengths.
const LONGEST_NAME: usize = 256;
/// Minimum similarity for a suggestion; 1 means equal.
const ALIKE: f64 = 0.7;
/// Longer input is no typo, and comparing it has quadratic cost.
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

    #[test]
    fn the_likest_names_come_nearest_first_and_no_others() {
        let known = [
            "gpt-5.6-terra",
            "gpt-4.1-nano",
            "meta-llama/Llama-4",
            "whisper",
        ];
        assert_eq!(likest("gpt-5.6-tera", known, 1), ["gpt-5.6-terra"]);
        assert_eq!(likest("GPT-5", known, 3), ["gpt-5.6-terra", "gpt-4.1-nano"]);
        assert_eq!(likest("llama-4", known, 3), ["meta-llama/Llama-4"]);
        assert!(likest("zzz", known, 3).is_empty());
        assert!(likest(&"gpt".repeat(100_000), known, 3).is_empty());
    }
}

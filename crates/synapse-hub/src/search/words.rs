//! Tokenises texts for search: splits names, stems, drops stop words, and merges some synonyms.

/// The words of a text, in order.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut before_is_lower = false;
    for each in text.chars() {
        let splits = !each.is_alphanumeric() || (each.is_uppercase() && before_is_lower);
        if splits {
            take(&mut word, &mut words);
        }
        if each.is_alphanumeric() && word.len() < MOST_BYTES {
            word.extend(each.to_lowercase());
        }
        before_is_lower = each.is_lowercase() || each.is_numeric();
    }
    take(&mut word, &mut words);
    words
}

fn take(word: &mut String, words: &mut Vec<String>) {
    let whole = std::mem::take(word);
    if whole.is_empty() || COMMON.binary_search(&whole.as_str()).is_ok() {
        return;
    }
    let stem = stem(&whole);
    let same = SAME
        .iter()
        .find(|(_, others)| others.contains(&stem))
        .map_or(stem, |(one, _)| one);
    words.push(same.to_owned());
}

/// Strips common English suffixes.
fn stem(word: &str) -> &str {
    if word.len() <= 3 || !word.is_ascii() {
        return word;
    }
    let cut = |ending: &str, least: usize| {
        let rest = word.strip_suffix(ending)?;
        (rest.len() >= least).then_some(rest)
    };
    let stem = cut("ations", 4)
        .or_else(|| cut("ation", 4))
        .or_else(|| cut("ories", 4))
        .or_else(|| cut("ory", 4))
        .or_else(|| cut("ings", 4))
        .or_else(|| cut("ing", 3))
        .or_else(|| cut("ies", 3))
        .or_else(|| cut("ed", 3))
        .or_else(|| cut("es", 3))
        .or_else(|| cut("s", 3).filter(|rest| !rest.ends_with('s')))
        .or_else(|| cut("ly", 4))
        .or_else(|| cut("e", 3))
        .or_else(|| cut("y", 3))
        .unwrap_or(word);
    // Doubled consonants of `getting`, `running`.
    let bytes = stem.as_bytes();
    match bytes {
        [.., one, two] if one == two && stem.len() > 3 && !b"aeiouls".contains(one) => {
            stem.get(..stem.len() - 1).unwrap_or(stem)
        }
        _ => stem,
    }
}

/// Stop words, sorted.
const COMMON: [&str; 66] = [
    "a", "about", "all", "also", "an", "and", "any", "are", "as", "at", "be", "by", "can", "do",
    "does", "for", "from", "has", "have", "how", "i", "if", "in", "into", "is", "it", "its", "me",
    "my", "need", "no", "not", "of", "on", "one", "only", "or", "our", "out", "please", "so",
    "some", "such", "that", "the", "their", "them", "then", "there", "these", "they", "this", "to",
    "tool", "use", "used", "using", "want", "was", "what", "when", "which", "will", "with", "you",
    "your",
];

/// Synonyms, replaced with the first of their row.
const SAME: [(&str, &[&str]); 14] = [
    (
        "search",
        &["find", "look", "lookup", "discover", "query", "quer"],
    ),
    ("creat", &["mak", "new", "add", "mkdir"]),
    ("delet", &["remov", "eras", "rm"]),
    ("edit", &["chang", "modif", "updat", "replac", "patch"]),
    ("direct", &["folder", "dir"]),
    ("list", &["enumerat", "enumer", "ls"]),
    ("mov", &["renam", "mv"]),
    ("imag", &["pictur", "photo", "png", "jpeg"]),
    ("documen", &["doc", "documentat", "document"]),
    ("writ", &["sav", "stor", "overwrit"]),
    ("info", &["detail", "metadata", "metadat", "inform"]),
    (
        "read",
        &["show", "view", "display", "print", "open", "load"],
    ),
    ("environmen", &["env", "environment", "variabl"]),
    ("sum", &["total", "plu"]),
];

const MOST_BYTES: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_endings_come_apart() {
        assert_eq!(words("readMultiple_files"), words("read multiple file"));
        assert_eq!(words("Searching the directories"), words("find folder"));
        assert_eq!(words("hf_whoami"), ["hf", "whoami"]);
    }

    #[test]
    fn the_common_words_are_sorted() {
        assert!(COMMON.is_sorted());
    }
}

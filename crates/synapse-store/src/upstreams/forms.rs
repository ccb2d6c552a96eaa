//! Variables in the forms of other programs: passed as written here, which its owner should know.

use synapse_core::redact::printable_line;
use synapse_core::upstream::{Template, is_variable};
use synapse_core::{Code, Failure};

/// Warns of a variable of opencode (`{env:NAME}`), Gemini CLI (`$NAME`) or Windows (`%NAME%`) in
/// the value of `key`.
pub(super) fn warning(server: &str, key: &str, value: &Template) -> Option<Failure> {
    let form = value
        .texts()
        .flat_map(str::split_whitespace)
        .find_map(|word| {
            let name = variable(word)?;
            Some((word, name))
        });
    let (word, name) = form?;
    Some(
        Failure::new(
            Code::ConfigInvalidValue,
            format!(
                "`{}` of `{server}` is passed as written: `{}` is a variable in other programs",
                printable_line(key),
                printable_line(word)
            ),
        )
        .hint(format!("write `${{{name}}}`")),
    )
}

fn variable(word: &str) -> Option<&str> {
    let name = None
        .or_else(|| word.strip_prefix("{env:")?.strip_suffix('}'))
        .or_else(|| word.strip_prefix('%')?.strip_suffix('%'))
        .or_else(|| word.strip_prefix('$'))?;
    let is_constant = name.chars().all(|each| !each.is_ascii_lowercase());
    (is_variable(name) && (is_constant || word.starts_with('{'))).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_of_other_programs_are_recognised() {
        for (word, name) in [
            ("$A_KEY", Some("A_KEY")),
            ("{env:key}", Some("key")),
            ("%A_KEY%", Some("A_KEY")),
            ("$", None),
            ("$5", None),
            ("$lower", None),
            ("{env:a b}", None),
            ("{A}", None),
            ("50%", None),
            ("A_KEY", None),
        ] {
            assert_eq!(variable(word), name, "{word}");
        }
    }
}

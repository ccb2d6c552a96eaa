//! Files of `NAME=value` lines, used only for `${…}`.

use std::collections::BTreeMap;
use std::path::Path;

use synapse_core::upstream::is_variable;
use synapse_core::{Code, Failure};
use synapse_files::{FileError, examine};
use synapse_home::failure::{of_file, refuse, shown};

/// Reads the file at `path`: `NAME=value` and `export NAME=value`, `#` comments, single and double
/// quotes. `${…}` in a value is literal, and no shell reads it. A later line wins.
///
/// # Errors
/// `config.not-found`, `config.syntax` with the line, `storage.*`; failures contain no value.
pub fn read_env_file(path: &Path) -> Result<BTreeMap<String, String>, Failure> {
    refuse(examine(path))?;
    let bytes = match synapse_files::read(path, LIMIT) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => {
            return Err(Failure::new(
                Code::ConfigNotFound,
                format!("the envFile {} is not there", shown(path)),
            )
            .with("file", shown(path)));
        }
        Err(FileError::TooLarge { .. }) => {
            return Err(broken(path, 1, "it is larger than 256 KiB"));
        }
        Err(error) => return Err(of_file(error)),
    };
    let text = String::from_utf8(bytes).map_err(|_| broken(path, 1, "it is not UTF-8 text"))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut variables = BTreeMap::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let line = match line.strip_prefix("export") {
            Some(rest) if rest.starts_with([' ', '\t']) => rest.trim_start(),
            _ => line,
        };
        let Some((name, value)) = line.split_once('=') else {
            return Err(broken(path, index + 1, "a line is `NAME=value`"));
        };
        let name = name.trim_end();
        if !is_variable(name) {
            return Err(broken(
                path,
                index + 1,
                "a name has letters, digits and `_`, and does not begin with a digit",
            ));
        }
        let value = unquoted(value.trim())
            .ok_or_else(|| broken(path, index + 1, "a quote has no end on its line"))?;
        variables.insert(name.to_owned(), value);
    }
    Ok(variables)
}

fn unquoted(value: &str) -> Option<String> {
    if let Some(inside) = value.strip_prefix('\'') {
        let (inside, rest) = inside.split_once('\'')?;
        return is_comment(rest).then(|| inside.to_owned());
    }
    if let Some(inside) = value.strip_prefix('"') {
        let mut text = String::new();
        let mut letters = inside.chars();
        while let Some(letter) = letters.next() {
            match letter {
                '"' => return is_comment(letters.as_str()).then_some(text),
                '\\' => match letters.next()? {
                    'n' => text.push('\n'),
                    't' => text.push('\t'),
                    other => text.push(other),
                },
                other => text.push(other),
            }
        }
        return None;
    }
    let comment = [" #", "\t#"]
        .iter()
        .filter_map(|begin| value.find(begin))
        .min();
    let end = comment.unwrap_or(value.len());
    value.get(..end).map(|plain| plain.trim_end().to_owned())
}

fn is_comment(rest: &str) -> bool {
    let rest = rest.trim_start();
    rest.is_empty() || rest.starts_with('#')
}

fn broken(path: &Path, line: usize, why: &str) -> Failure {
    Failure::new(
        Code::ConfigSyntax,
        format!("the envFile {} cannot be read", shown(path)),
    )
    .cause(why)
    .cause(format!("at {}:{line}", shown(path)))
    .with("file", shown(path))
    .with("line", line)
}

const LIMIT: u64 = 256 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_comments_are_those_of_a_shell() {
        for (value, expected) in [
            ("plain", Some("plain")),
            ("plain # comment", Some("plain")),
            ("a#b", Some("a#b")),
            ("plain\t# comment", Some("plain")),
            ("\"a b\"\t# comment", Some("a b")),
            ("a=b==", Some("a=b==")),
            ("'${X} # no' # yes", Some("${X} # no")),
            (r#""a\"b\n""#, Some("a\"b\n")),
            ("", Some("")),
            ("'open", None),
            ("\"open", None),
            ("'a' b", None),
        ] {
            assert_eq!(unquoted(value).as_deref(), expected, "{value}");
        }
    }

    /// As other programs write them: on Windows, by hand, and for a shell.
    #[test]
    fn lines_are_read_in_every_usual_form() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join(".env");
        let text = "\u{feff}A=1\r\nexport B='2'\r\nexport\tC=\"3\"\r\n\r\n# no\r\n  D = 4 # d\r\n\
                    exported=5\nA=6\nE=\nHF_REDIRECT_URI=http://localhost:7000/oauth/callback";
        synapse_home::atomic::replace(&path, text.as_bytes()).unwrap();
        let read = read_env_file(&path).unwrap();
        let all: Vec<(&str, &str)> = read
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert_eq!(
            all,
            [
                ("A", "6"),
                ("B", "2"),
                ("C", "3"),
                ("D", "4"),
                ("E", ""),
                ("HF_REDIRECT_URI", "http://localhost:7000/oauth/callback"),
                ("exported", "5"),
            ]
        );
    }
}

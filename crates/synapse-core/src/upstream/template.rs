//! Texts of `mcp-servers.json` with `${…}`.

use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};

use crate::credential::CredentialRef;
use crate::error::{Code, Failure};

/// A text with variables and secret references. `Debug` and `Display` show names, never values.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Template {
    /// The pieces, in order.
    pub pieces: Vec<Piece>,
}

/// One piece of a [`Template`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Plain text.
    Text(String),
    /// `${NAME}`, `${env:NAME}`, `${NAME:-default}`.
    Variable {
        /// The name.
        name: String,
        /// The default for an unset variable.
        default: Option<String>,
    },
    /// A resolved variable: displayed by name, used by value.
    Value {
        /// The name.
        name: String,
        /// The value.
        value: VariableValue,
    },
    /// `${workspaceFolder}`: the IDE's working directory.
    WorkspaceFolder,
    /// `${keyring:…}`, `${file:…}`, …: read on use, for the approved server only.
    Secret(CredentialRef),
}

/// The value of a variable, possibly a token: never displayed, wiped on drop.
#[derive(Clone)]
pub struct VariableValue(SecretString);

impl VariableValue {
    /// Wraps `value`.
    pub fn new(value: impl Into<String>) -> Self {
        Self(SecretString::from(value.into()))
    }

    /// The value.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for VariableValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("VariableValue(…)")
    }
}

impl PartialEq for VariableValue {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for VariableValue {}

impl Template {
    /// A template of plain text.
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            pieces: vec![Piece::Text(text.into())],
        }
    }

    /// Parses a text of the file. `$` alone, and `$NAME`, are plain text.
    ///
    /// # Errors
    /// `config.invalid-value` for an unclosed `${`, an empty name or another program's form;
    /// `credential.*` for an invalid secret reference.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once("${") {
            let Some((inside, after)) = behind.split_once('}') else {
                return Err(invalid("a `${` has no `}`"));
            };
            if !before.is_empty() {
                pieces.push(Piece::Text(before.to_owned()));
            }
            pieces.push(piece(inside)?);
            rest = after;
        }
        if !rest.is_empty() || pieces.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        Ok(Self { pieces })
    }

    /// The whole text, if it contains no references.
    #[must_use]
    pub fn plain(&self) -> Option<String> {
        self.pieces
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => Some(text.as_str()),
                Piece::Variable { .. }
                | Piece::Value { .. }
                | Piece::WorkspaceFolder
                | Piece::Secret(_) => None,
            })
            .collect()
    }

    /// Its secret references.
    pub fn secrets(&self) -> impl Iterator<Item = &CredentialRef> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Secret(reference) => Some(reference),
            Piece::Text(_)
            | Piece::Variable { .. }
            | Piece::Value { .. }
            | Piece::WorkspaceFolder => None,
        })
    }

    /// Its variables, resolved or not.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Variable { name, .. } | Piece::Value { name, .. } => Some(name.as_str()),
            Piece::Text(_) | Piece::WorkspaceFolder | Piece::Secret(_) => None,
        })
    }

    /// Its plain parts.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Text(text) => Some(text.as_str()),
            Piece::Variable { default, .. } => default.as_deref(),
            Piece::Value { .. } | Piece::WorkspaceFolder | Piece::Secret(_) => None,
        })
    }
}

impl fmt::Display for Template {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => formatter.write_str(text)?,
                Piece::Variable {
                    name,
                    default: Some(default),
                } => write!(formatter, "${{{name}:-{default}}}")?,
                Piece::Variable { name, .. } | Piece::Value { name, .. } => {
                    write!(formatter, "${{{name}}}")?;
                }
                Piece::WorkspaceFolder => formatter.write_str("${workspaceFolder}")?,
                Piece::Secret(reference) => write!(formatter, "${{{reference}}}")?,
            }
        }
        Ok(())
    }
}

/// Parses the content of `${…}`.
fn piece(inside: &str) -> Result<Piece, Failure> {
    if inside == WORKSPACE_FOLDER {
        return Ok(Piece::WorkspaceFolder);
    }
    let name = inside.strip_prefix("env:").unwrap_or(inside);
    let (name, default) = match name.split_once(":-") {
        Some((name, default)) => (name, Some(default.to_owned())),
        None => (name, None),
    };
    if is_variable(name) {
        return Ok(Piece::Variable {
            name: name.to_owned(),
            default,
        });
    }
    if let Some((foreign, _)) = FOREIGN.iter().find(|(form, _)| inside.starts_with(form)) {
        return Err(invalid(format!("`${{{foreign}…}}` is not supported"))
            .cause("it is a form of another program")
            .hint("name a variable, `${NAME}`, or a secret, such as `${keyring:NAME}`"));
    }
    if inside.contains(':') && !inside.starts_with("env:") {
        return inside.parse().map(Piece::Secret);
    }
    Err(invalid("a `${…}` names neither a variable nor a secret")
        .cause("a variable has letters, digits and `_`, and does not begin with a digit"))
}

/// Whether `name` is a valid variable name.
#[must_use]
pub fn is_variable(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name
            .chars()
            .all(|each| each.is_ascii_alphanumeric() || each == '_')
}

fn invalid(message: impl Into<String>) -> Failure {
    Failure::new(Code::ConfigInvalidValue, message)
}

const WORKSPACE_FOLDER: &str = "workspaceFolder";

/// Other programs' forms that look like references.
const FOREIGN: [(&str, &str); 5] = [
    ("input:", "VS Code"),
    ("command:", "VS Code"),
    ("config:", "VS Code"),
    ("workspaceFolder:", "VS Code"),
    ("{", "Continue"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Template {
        Template::parse(text).unwrap()
    }

    #[test]
    fn every_form_is_read_and_shown_as_it_was_written() {
        for text in [
            "",
            "plain $HOME and $",
            "Bearer ${HF_TOKEN}",
            "${A:-a default with spaces}",
            "${A:-}",
            "${workspaceFolder}/x",
            "${keyring:hf}",
            "${op://Private/hf/token}",
            "${A}${B}-${file:~/token}",
        ] {
            assert_eq!(read(text).to_string(), text);
        }
        assert_eq!(read("${env:A}"), read("${A}"));
        assert_eq!(read("${env:A:-b}"), read("${A:-b}"));
    }

    #[test]
    fn what_is_no_form_of_ours_is_refused() {
        for text in [
            "${",
            "${}",
            "${1A}",
            "${input:token}",
            "a ${A-B} b",
            "${env:}",
            "${{ x }}",
        ] {
            let failure = Template::parse(text).unwrap_err();
            assert_eq!(failure.code(), Code::ConfigInvalidValue, "{text}");
        }
        let failure = Template::parse("${nowhere:x}").unwrap_err();
        assert_eq!(failure.code(), Code::CredentialInvalidReference);
    }

    #[test]
    fn a_value_is_shown_by_name_alone() {
        let template = Template {
            pieces: vec![Piece::Value {
                name: "HF_TOKEN".into(),
                value: VariableValue::new("hunter2"),
            }],
        };
        assert_eq!(template.to_string(), "${HF_TOKEN}");
        assert!(!format!("{template:?}").contains("hunter2"));
    }
}

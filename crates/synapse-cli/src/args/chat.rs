//! Flags of `chat`. What is not given is not sent.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct ChatArguments {
    /// The connection
    pub(crate) name: String,

    /// The prompt; `-` or nothing reads it from stdin
    #[arg(conflicts_with = "messages")]
    pub(crate) prompt: Option<String>,

    /// A system message to send before the prompt
    #[arg(long, value_name = "TEXT")]
    pub(crate) system: Option<String>,

    /// An image that goes with the prompt: a PNG, JPEG, GIF or WebP file of at most 20 MiB, or a
    /// URL that the provider fetches. Repeatable
    #[arg(long = "image", value_name = "FILE|URL", conflicts_with = "messages")]
    pub(crate) images: Vec<OsString>,

    /// A conversation instead of a prompt: a JSON list of messages as the API takes them; `-` reads
    /// it from stdin
    #[arg(long, value_name = "FILE")]
    pub(crate) messages: Option<PathBuf>,

    /// Another model than the connection's
    #[arg(long, value_name = "MODEL")]
    pub(crate) model: Option<String>,

    #[command(flatten)]
    pub(crate) shape: ShapeArguments,

    #[command(flatten)]
    pub(crate) parameters: ParameterArguments,
}

/// Files that say what the answer may look like.
#[derive(Debug, Args)]
#[command(next_help_heading = "Structured answers and tools")]
pub(crate) struct ShapeArguments {
    /// A JSON schema that the answer is to follow
    #[arg(long, value_name = "FILE")]
    pub(crate) json_schema: Option<PathBuf>,

    /// The schema's name; made of the file's name when left out
    #[arg(long, value_name = "NAME", requires = "json_schema")]
    pub(crate) schema_name: Option<String>,

    /// Ask the provider to keep to the schema strictly
    #[arg(long, requires = "json_schema")]
    pub(crate) schema_strict: bool,

    /// Tools that the model may ask for: a JSON list as the API takes it. Synapse runs none; the
    /// calls are printed, one line of JSON each
    #[arg(long = "tools-file", alias = "tools", value_name = "FILE")]
    pub(crate) tools: Option<PathBuf>,
}

/// Parameters of the API.
#[derive(Debug, Args)]
#[command(next_help_heading = "Parameters (sent only when given)")]
pub(crate) struct ParameterArguments {
    /// The most tokens to generate, reasoning included; the connection's cap when left out
    #[arg(long, value_name = "N")]
    pub(crate) max_tokens: Option<u64>,

    /// Sampling temperature
    #[arg(long, value_name = "T", allow_negative_numbers = true)]
    pub(crate) temperature: Option<f64>,

    /// Nucleus sampling
    #[arg(long, value_name = "P", allow_negative_numbers = true)]
    pub(crate) top_p: Option<f64>,

    /// A text that ends the answer. Repeatable
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub(crate) stop: Vec<String>,

    /// Seed for repeatable sampling, where the provider supports it
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) seed: Option<i64>,

    /// How much a reasoning model may think, in the provider's words
    #[arg(long, value_name = "WORD")]
    pub(crate) reasoning_effort: Option<String>,

    /// How long the answer should be, in the provider's words
    #[arg(long, value_name = "WORD")]
    pub(crate) verbosity: Option<String>,

    /// Penalty for words that were used often
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    pub(crate) frequency_penalty: Option<f64>,

    /// Penalty for words that were used at all
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    pub(crate) presence_penalty: Option<f64>,

    /// How fast and at what price to process, in the provider's words
    #[arg(long, value_name = "WORD")]
    pub(crate) service_tier: Option<String>,
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use clap::error::ErrorKind;

    use crate::args::{Arguments, ChatArguments, Command};

    fn parsed(arguments: &[&str]) -> Result<ChatArguments, ErrorKind> {
        let line = ["synapse", "chat", "work"].iter().chain(arguments);
        let arguments = Arguments::try_parse_from(line).map_err(|error| error.kind())?;
        match arguments.command {
            Command::Chat(chat) => Ok(chat),
            other => panic!("{other:?} is not chat"),
        }
    }

    #[test]
    fn every_flag_is_taken() {
        let chat = parsed(&[
            "hi",
            "--image",
            "a.png",
            "--image",
            "https://example.com/b.png",
            "--json-schema",
            "s.json",
            "--schema-name",
            "answer",
            "--schema-strict",
            "--tools",
            "t.json",
            "--max-tokens",
            "9",
            "--temperature",
            "-0.5",
            "--top-p",
            "0.9",
            "--stop",
            "--",
            "--stop",
            "END",
            "--seed",
            "-3",
            "--reasoning-effort",
            "low",
            "--verbosity",
            "high",
            "--frequency-penalty",
            "-1",
            "--presence-penalty",
            "1.5",
            "--service-tier",
            "flex",
        ])
        .unwrap();
        assert_eq!(chat.prompt.as_deref(), Some("hi"));
        assert_eq!(chat.images, ["a.png", "https://example.com/b.png"]);
        assert!(chat.shape.schema_strict);
        let parameters = chat.parameters;
        assert_eq!(parameters.stop, ["--", "END"]);
        assert_eq!(
            (parameters.temperature, parameters.seed),
            (Some(-0.5), Some(-3))
        );
        assert_eq!(parameters.frequency_penalty, Some(-1.0));
    }

    #[test]
    fn a_conversation_is_given_once() {
        assert!(parsed(&["--messages", "-"]).is_ok());
        assert!(parsed(&["--messages", "c.json", "--system", "x"]).is_ok());
        for wrong in [
            &["hi", "--messages", "c.json"][..],
            &["--messages", "c.json", "--image", "a.png"],
        ] {
            assert_eq!(parsed(wrong).unwrap_err(), ErrorKind::ArgumentConflict);
        }
        for wrong in [
            &["hi", "--schema-name", "x"][..],
            &["hi", "--schema-strict"],
        ] {
            assert_eq!(
                parsed(wrong).unwrap_err(),
                ErrorKind::MissingRequiredArgument
            );
        }
    }
}

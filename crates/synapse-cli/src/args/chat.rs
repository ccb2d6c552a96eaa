//! Flags of `chat`. Omitted parameters are not sent.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct ChatArguments {
    /// The connection; the default one, or the only one, when left out. A single word is read as a
    /// connection, anything else as the prompt
    #[arg(value_name = "CONNECTION")]
    pub(crate) name: Option<String>,

    /// The prompt; `-` or nothing reads it from stdin
    #[arg(conflicts_with = "messages")]
    pub(crate) prompt: Option<String>,

    /// A system message to send before the prompt
    #[arg(long, value_name = "TEXT")]
    pub(crate) system: Option<String>,

    /// A text file to send with the prompt: UTF-8, at most 4 MiB. Each comes before the prompt,
    /// headed by `File: NAME`, in a code fence; --dry-run shows it. Repeatable
    #[arg(
        long = "file",
        short = 'f',
        value_name = "FILE",
        conflicts_with = "messages"
    )]
    pub(crate) files: Vec<PathBuf>,

    /// An image to send with the prompt: a PNG, JPEG, GIF or WebP file of at most 20 MiB, or a URL
    /// that the provider fetches. Repeatable
    #[arg(long = "image", value_name = "FILE|URL", conflicts_with = "messages")]
    pub(crate) images: Vec<OsString>,

    /// A conversation instead of a prompt: a JSON list of messages in the API's format; `-` reads
    /// it from stdin
    #[arg(long, value_name = "FILE")]
    pub(crate) messages: Option<PathBuf>,

    /// Continue a recorded conversation: that of CALL (an id or its beginning), or the last one of
    /// the terminal. Its messages are sent again, followed by the prompt
    #[arg(
        long = "continue",
        short = 'c',
        value_name = "CALL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "",
        conflicts_with_all = ["messages", "system"]
    )]
    pub(crate) continues: Option<String>,

    /// Use this model instead of the connection's
    #[arg(long, short, value_name = "MODEL")]
    pub(crate) model: Option<String>,

    /// Use this timeout instead of the connection's longer one
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) timeout: Option<u64>,

    /// Show the request instead of sending it: its address and its exact body. No socket is opened
    /// and no secret is read
    #[arg(long, conflicts_with_all = ["output", "copy"])]
    pub(crate) dry_run: bool,

    #[command(flatten)]
    pub(crate) delivery: DeliveryArguments,

    #[command(flatten)]
    pub(crate) shape: ShapeArguments,

    #[command(flatten)]
    pub(crate) parameters: ParameterArguments,
}

/// Where the answer goes.
#[derive(Debug, Args)]
#[command(next_help_heading = "The answer")]
pub(crate) struct DeliveryArguments {
    /// Write the answer atomically to a file instead of stdout
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Replace the file of --output
    #[arg(long, requires = "output")]
    pub(crate) force: bool,

    /// Also copy the answer to the clipboard, without control characters. The terminal does it
    /// (escape sequence OSC 52), also over SSH
    #[arg(long)]
    pub(crate) copy: bool,

    /// Print Markdown unrendered at a terminal too; a pipe always gets it unrendered
    #[arg(long)]
    pub(crate) plain: bool,
}

/// Files that constrain the answer.
#[derive(Debug, Args)]
#[command(next_help_heading = "Structured answers and tools")]
pub(crate) struct ShapeArguments {
    /// A JSON schema for the answer
    #[arg(long, value_name = "FILE")]
    pub(crate) json_schema: Option<PathBuf>,

    /// The schema's name; derived from the file's name when left out
    #[arg(long, value_name = "NAME", requires = "json_schema")]
    pub(crate) schema_name: Option<String>,

    /// Ask the provider to follow the schema strictly
    #[arg(long, requires = "json_schema")]
    pub(crate) schema_strict: bool,

    /// Tools that the model may call: a JSON list in the API's format. Synapse runs none; the calls
    /// are printed, one line of JSON each
    #[arg(long = "tools-file", alias = "tools", value_name = "FILE")]
    pub(crate) tools: Option<PathBuf>,
}

/// Parameters of the API.
#[derive(Debug, Args)]
#[command(next_help_heading = "Parameters (sent only when given)")]
pub(crate) struct ParameterArguments {
    /// The maximum number of tokens to generate, including reasoning; the connection's cap when
    /// left out
    #[arg(long, value_name = "N")]
    pub(crate) max_tokens: Option<u64>,

    /// Sampling temperature; none is sent by default
    #[arg(long, value_name = "T", allow_negative_numbers = true)]
    pub(crate) temperature: Option<f64>,

    /// Nucleus sampling; none is sent by default
    #[arg(long, value_name = "P", allow_negative_numbers = true)]
    pub(crate) top_p: Option<f64>,

    /// A text that ends the answer. Repeatable
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub(crate) stop: Vec<String>,

    /// Seed for repeatable sampling, where the provider supports it; none is sent
    /// by default
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) seed: Option<i64>,

    /// How much a reasoning model may reason, in the provider's words; none is sent by
    /// default
    #[arg(long, value_name = "WORD")]
    pub(crate) reasoning_effort: Option<String>,

    /// How long the answer should be, in the provider's words; none is sent by default
    #[arg(long, value_name = "WORD")]
    pub(crate) verbosity: Option<String>,

    /// Penalty for frequently used words; none is sent by default
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    pub(crate) frequency_penalty: Option<f64>,

    /// Penalty for words already used; none is sent by default
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    pub(crate) presence_penalty: Option<f64>,

    /// The speed and price of processing, in the provider's words; none is sent by
    /// default
    #[arg(long, value_name = "WORD")]
    pub(crate) service_tier: Option<String>,
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

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
            "-m",
            "other",
            "-f",
            "a.rs",
            "--file",
            "b.rs",
            "-o",
            "answer.md",
            "--force",
            "--copy",
            "--plain",
            "--timeout",
            "30",
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
        assert_eq!(chat.model.as_deref(), Some("other"));
        assert_eq!(chat.files, ["a.rs", "b.rs"].map(PathBuf::from));
        assert_eq!(chat.timeout, Some(30));
        assert!(chat.delivery.force && chat.delivery.copy && chat.delivery.plain);
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
        assert!(parsed(&["hi", "-c=01a1fa66", "--system", "x"]).is_err());
        assert_eq!(
            parsed(&["hi", "-c"]).unwrap().continues.as_deref(),
            Some("")
        );
        assert!(parsed(&["hi", "-f", "a", "--messages", "c.json"]).is_err());
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

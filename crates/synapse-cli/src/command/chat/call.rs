//! Builds a call from the arguments: reads the prompt, the conversation and every named file.

use std::ffi::OsStr;
use std::io::{self, IsTerminal};
use std::path::Path;
use std::time::Duration;

use serde_json::{Map, Value, json};
use synapse_core::call::Caller;
use synapse_core::chat::{Image, ImageUrl, Message, Parameters, Part, Role};
use synapse_core::engine::ChatCall;
use synapse_core::error::{Code, Failure};
use synapse_core::name::ConnectionName;

use super::attached;
use super::delivery::Delivery;
use super::files::{self, InputFile};
use crate::args::{ChatArguments, ShapeArguments};

/// A call that is ready to be made, and how its answer is used.
#[derive(Debug)]
pub(in crate::command) struct PreparedCall {
    pub(super) call: ChatCall,
    /// The recorded call to continue; empty for the newest.
    pub(super) continues: Option<String>,
    pub(super) action: AnswerUse,
    pub(super) delivery: Delivery,
}

impl PreparedCall {
    /// A call whose answer goes to stdout.
    pub(in crate::command) fn plain(call: ChatCall) -> Self {
        Self {
            call,
            continues: None,
            action: AnswerUse::Send,
            delivery: Delivery::default(),
        }
    }
}

/// How a call is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AnswerUse {
    Send,
    Show,
}

/// Reads everything that the arguments name. Blocks on stdin where they say so.
///
/// # Errors
/// `usage.invalid-arguments`, naming the file and its problem; `storage.*` when the answer could
/// not be written to its destination.
pub(in crate::command) fn prepare(arguments: ChatArguments) -> Result<PreparedCall, Failure> {
    // Checked before anything is read, so that nobody types a prompt whose answer cannot be
    // delivered.
    let delivery =
        Delivery::new(arguments.delivery)?.of_data(arguments.shape.json_schema.is_some());
    let positional = Positional {
        first: arguments.name,
        second: arguments.prompt,
    };
    let (connection, prompt) = match (&arguments.continues, &arguments.messages) {
        (Some(_), _) => positional.of_continued(),
        (None, Some(_)) => (positional.first, None),
        (None, None) => positional.told_apart(),
    };
    let conversation = match &arguments.messages {
        Some(path) => files::json_list(&InputFile::new("--messages", "the conversation", path))?,
        None => {
            let prompt = self::prompt(prompt, connection.as_deref())?;
            let prompt = attached::with_files(prompt, &arguments.files)?;
            vec![user(prompt, &arguments.images)?]
        }
    };
    let system = arguments
        .system
        .map(|text| Message::new(Role::System, text));
    let given = arguments.parameters;
    let call = ChatCall {
        connection,
        model: arguments.model,
        messages: system.into_iter().chain(conversation).collect(),
        parameters: Parameters {
            max_tokens: given.max_tokens,
            temperature: given.temperature,
            top_p: given.top_p,
            stop: given.stop,
            seed: given.seed,
            reasoning_effort: given.reasoning_effort,
            verbosity: given.verbosity,
            frequency_penalty: given.frequency_penalty,
            presence_penalty: given.presence_penalty,
            service_tier: given.service_tier,
            response_format: response_format(&arguments.shape)?,
            tools: tools(arguments.shape.tools.as_deref())?,
            tool_choice: None,
            parallel_tool_calls: None,
        },
        timeout: arguments.timeout.map(Duration::from_secs),
        caller: Caller::default(),
    };
    Ok(PreparedCall {
        call,
        continues: arguments.continues,
        action: if arguments.dry_run {
            AnswerUse::Show
        } else {
            AnswerUse::Send
        },
        delivery,
    })
}

/// The positional arguments of `chat`; each is optional.
struct Positional {
    first: Option<String>,
    second: Option<String>,
}

impl Positional {
    /// Connection and prompt. A single word that is a valid connection name is taken as one,
    /// whether or not that connection exists: the request does not depend on existing
    /// configuration.
    fn told_apart(self) -> (Option<String>, Option<String>) {
        match (self.first, self.second) {
            (Some(only), None) if only.parse::<ConnectionName>().is_err() || only == STDIN => {
                (None, Some(only))
            }
            both => both,
        }
    }

    /// As above for a conversation, which already has its connection: a single word is the prompt.
    fn of_continued(self) -> (Option<String>, Option<String>) {
        match (self.first, self.second) {
            (only, None) => (None, only),
            both => both,
        }
    }
}

/// The prompt from the argument, or from stdin unchanged.
fn prompt(argument: Option<String>, connection: Option<&str>) -> Result<String, Failure> {
    match argument {
        Some(text) if text != STDIN => return Ok(text),
        None if io::stdin().is_terminal() => {
            let failure = Failure::new(Code::UsageInvalidArguments, "there is no prompt");
            return Err(match connection {
                Some(name) => failure
                    .cause(format!("`{name}` alone is taken for the connection"))
                    .hint(format!(
                        "write the prompt after it, or pipe it in: synapse chat {name} PROMPT"
                    ))
                    .hint(format!(
                        "if it is the prompt, write its connection first: synapse chat CONNECTION \
                         {name}"
                    )),
                None => failure.hint("write it, or pipe it in"),
            });
        }
        Some(_) | None => {}
    }
    io::read_to_string(io::stdin()).map_err(|error| {
        Failure::new(
            Code::UsageInvalidArguments,
            "the prompt cannot be read from stdin",
        )
        .caused_by(&error)
    })
}

/// A prompt alone is plain text, which every model accepts; with images it has parts.
fn user(prompt: String, images: &[impl AsRef<OsStr>]) -> Result<Message, Failure> {
    if images.is_empty() {
        return Ok(Message::new(Role::User, prompt));
    }
    let mut parts = vec![Part::Text(prompt)];
    for given in images {
        let url = image(given.as_ref())?;
        parts.push(Part::Image(Image { url, detail: None }));
    }
    Ok(Message::parts(Role::User, parts))
}

/// A URL goes to the provider unchanged; anything else is a file.
fn image(given: &OsStr) -> Result<ImageUrl, Failure> {
    match given.to_str().filter(|text| is_url(text)) {
        Some(url) => url.parse().map_err(|error| {
            Failure::new(
                Code::UsageInvalidArguments,
                "the URL of an image cannot be used",
            )
            .caused_by(&error)
            .with("argument", IMAGE)
        }),
        None => files::image(&InputFile::new(IMAGE, "the image", Path::new(given))),
    }
}

fn is_url(text: &str) -> bool {
    let lower = text.get(..URL_BEGIN).unwrap_or(text).to_ascii_lowercase();
    ["https://", "http://", "data:"]
        .iter()
        .any(|scheme| lower.starts_with(scheme))
}

fn response_format(given: &ShapeArguments) -> Result<Option<Value>, Failure> {
    let Some(path) = given.json_schema.as_deref() else {
        return Ok(None);
    };
    let name = match &given.schema_name {
        Some(name) if is_schema_name(name) => name.clone(),
        Some(_) => return Err(bad_schema_name()),
        None => schema_name(path).ok_or_else(bad_schema_name)?,
    };
    let schema: Map<String, Value> =
        files::json(&InputFile::new("--json-schema", "the schema", path))?;
    let mut format = json!({ "name": name, "schema": schema });
    if let (true, Some(format)) = (given.schema_strict, format.as_object_mut()) {
        format.insert("strict".to_owned(), Value::Bool(true));
    }
    Ok(Some(
        json!({ "type": "json_schema", "json_schema": format }),
    ))
}

/// A file's name without its last extension, limited to the characters of a schema name.
fn schema_name(path: &Path) -> Option<String> {
    let stem = path.file_stem()?.to_string_lossy();
    let name: String = stem
        .chars()
        .map(|each| if is_schema_letter(each) { each } else { '_' })
        .take(MAX_SCHEMA_NAME)
        .collect();
    is_schema_name(&name).then_some(name)
}

fn is_schema_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= MAX_SCHEMA_NAME && name.chars().all(is_schema_letter)
}

fn is_schema_letter(each: char) -> bool {
    each.is_ascii_alphanumeric() || matches!(each, '_' | '-')
}

fn bad_schema_name() -> Failure {
    Failure::new(
        Code::UsageInvalidArguments,
        "that is not a valid schema name",
    )
    .cause("it has 1 to 64 letters, digits, `_` or `-`")
    .hint("give one with --schema-name")
    .with("argument", "--schema-name")
}

fn tools(path: Option<&Path>) -> Result<Vec<Value>, Failure> {
    let Some(path) = path else {
        return Ok(Vec::new());
    };
    let tools: Vec<Map<String, Value>> =
        files::json_list(&InputFile::new("--tools-file", "the list of tools", path))?;
    Ok(tools.into_iter().map(Value::Object).collect())
}

const STDIN: &str = "-";
const IMAGE: &str = "--image";
const URL_BEGIN: usize = 8;
const MAX_SCHEMA_NAME: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_without_images_is_plain_text() {
        let none: [&str; 0] = [];
        assert_eq!(user("hi".into(), &none), Ok(Message::new(Role::User, "hi")));
        let url = "HTTPS://example.com/a.png";
        let part = Part::Image(Image {
            url: url.parse().unwrap(),
            detail: None,
        });
        assert_eq!(
            user("hi".into(), &[url]),
            Ok(Message::parts(
                Role::User,
                vec![Part::Text("hi".into()), part]
            ))
        );
    }

    fn told_apart(words: [Option<&str>; 2]) -> (Option<String>, Option<String>) {
        let [first, second] = words.map(|word| word.map(str::to_owned));
        Positional { first, second }.told_apart()
    }

    #[test]
    fn a_word_alone_is_a_connection_and_anything_else_a_prompt() {
        let some = |text: &str| Some(text.to_owned());
        for (words, expected) in [
            ([None, None], (None, None)),
            ([Some("work"), None], (some("work"), None)),
            ([Some("work"), Some("hi")], (some("work"), some("hi"))),
            ([Some("What is it?"), None], (None, some("What is it?"))),
            ([Some("why?"), None], (None, some("why?"))),
            ([Some("-"), None], (None, some("-"))),
            ([Some(""), None], (None, some(""))),
        ] {
            assert_eq!(told_apart(words), expected, "{words:?}");
        }
    }

    #[test]
    fn what_looks_like_a_url_is_not_looked_for_on_the_disk() {
        for wrong in ["data:text/plain,x", "https://example.com/a b.png"] {
            let failure = image(OsStr::new(wrong)).unwrap_err();
            assert_eq!(failure.message(), "the URL of an image cannot be used");
        }
        for file in ["photo.png", "httpsfile", "./https:", "é", ""] {
            assert!(!is_url(file), "{file}");
        }
    }

    #[test]
    fn a_schema_is_named_after_its_file() {
        for (path, name) in [
            ("city.json", Some("city")),
            ("/tmp/x/city.schema.json", Some("city_schema")),
            ("größe 1.json", Some("gr__e_1")),
            ("..", None),
        ] {
            assert_eq!(schema_name(Path::new(path)).as_deref(), name, "{path}");
        }
        assert_eq!(
            schema_name(Path::new(&"x".repeat(200))).map(|name| name.len()),
            Some(64)
        );
        assert!(!is_schema_name("a b") && !is_schema_name("") && !is_schema_name(&"x".repeat(65)));
    }
}

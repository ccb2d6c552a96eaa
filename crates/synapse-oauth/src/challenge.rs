//! Parses `WWW-Authenticate` (RFC 9110, section 11.6.1; RFC 6750, section 3): one or more
//! challenges per value, with or without quotes. Knows no request.

/// The requirements in a server's challenges.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Requirements {
    /// Whether there is a `Bearer` challenge.
    pub bearer: bool,
    /// URL of the resource metadata (RFC 9728, section 5.1).
    pub resource_metadata: Option<String>,
    /// The required scopes, in order.
    pub scopes: Vec<String>,
    /// The `error` of RFC 6750, such as `invalid_token` or `insufficient_scope`.
    pub error: Option<String>,
    /// Other schemes, such as `DPoP`, in lower case.
    pub others: Vec<String>,
}

impl Requirements {
    /// Parses the values of all `WWW-Authenticate` headers. Skips what it cannot parse.
    ///
    /// ```
    /// use synapse_oauth::Requirements;
    /// let found = Requirements::read(["Basic, Bearer scope=\"x y\", error=invalid_token"]);
    /// assert_eq!(found.scopes, ["x", "y"]);
    /// assert_eq!(found.error.as_deref(), Some("invalid_token"));
    /// ```
    pub fn read<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        let mut challenges = Vec::new();
        for value in values.into_iter().take(MOST_CHALLENGES) {
            read_value(value, &mut challenges);
        }
        let is_bearer = |challenge: &&Challenge| challenge.scheme == "bearer";
        // The first one with metadata is the most useful of several.
        let told = challenges
            .iter()
            .filter(is_bearer)
            .find(|challenge| challenge.parameter("resource_metadata").is_some())
            .or_else(|| challenges.iter().find(is_bearer));
        let text = |name| told.and_then(|challenge| challenge.parameter(name));
        Self {
            bearer: told.is_some(),
            resource_metadata: text("resource_metadata").map(ToOwned::to_owned),
            scopes: text("scope").map(words).unwrap_or_default(),
            error: text("error").map(ToOwned::to_owned),
            others: challenges
                .iter()
                .filter(|challenge| challenge.scheme != "bearer")
                .map(|challenge| challenge.scheme.clone())
                .collect(),
        }
    }
}

/// The distinct words of a list of scopes.
pub(crate) fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in text.split_ascii_whitespace().take(MOST_SCOPES) {
        if is_scope(word) && !words.iter().any(|known| known == word) {
            words.push(word.to_owned());
        }
    }
    words
}

/// Whether `word` is a scope token (RFC 6749, section 3.3) of reasonable length.
pub(crate) fn is_scope(word: &str) -> bool {
    (1..=LONGEST_SCOPE).contains(&word.len())
        && word
            .bytes()
            .all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}

#[derive(Debug)]
struct Challenge {
    scheme: String,
    parameters: Vec<(String, String)>,
}

impl Challenge {
    fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

fn read_value(value: &str, challenges: &mut Vec<Challenge>) {
    let Some(value) = value.get(..value.len().min(LONGEST_VALUE)) else {
        return;
    };
    let mut rest = value.trim_start_matches(is_gap);
    let mut in_value = false;
    while !rest.is_empty() && challenges.len() < MOST_CHALLENGES {
        let length = rest.bytes().take_while(|byte| is_token(*byte)).count();
        let (token, after) = rest.split_at(length);
        let behind = after.trim_start_matches([' ', '\t']);
        if token.is_empty() {
            rest = past_comma(rest);
            continue;
        }
        let Some(assigned) = behind.strip_prefix('=') else {
            challenges.push(Challenge {
                scheme: token.to_ascii_lowercase(),
                parameters: Vec::new(),
            });
            in_value = true;
            rest = behind.trim_start_matches(is_gap);
            continue;
        };
        let (read, after) = parameter(assigned.trim_start_matches([' ', '\t']));
        // A parameter before any scheme is ignored.
        if let (true, Some(read), Some(challenge)) = (in_value, read, challenges.last_mut())
            && challenge.parameters.len() < MOST_PARAMETERS
        {
            challenge
                .parameters
                .push((token.to_ascii_lowercase(), read));
        }
        rest = next_parameter(after);
    }
}

/// The text from the next parameter or challenge on. Some servers separate parameters by spaces or
/// semicolons; a word without `=` after a value belongs to an unquoted value and is skipped.
fn next_parameter(text: &str) -> &str {
    let mut rest = text;
    loop {
        let next = rest.trim_start_matches([' ', '\t']);
        if next.starts_with([',', ';']) {
            return next.trim_start_matches(is_gap);
        }
        let length = next.bytes().take_while(|byte| is_token(*byte)).count();
        let (_, after) = next.split_at(length);
        let is_parameter = length > 0
            && after.trim_start_matches([' ', '\t']).starts_with('=')
            && !after.starts_with("==");
        if is_parameter || next.is_empty() {
            return next;
        }
        let end = next.find([',', ' ', '\t']).unwrap_or(next.len());
        rest = next.get(end..).unwrap_or_default();
    }
}

/// A quoted or plain value, and the rest. Servers omit quotes even around URLs.
fn parameter(text: &str) -> (Option<String>, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([',', ' ', '\t']).unwrap_or(text.len());
        let (value, after) = text.split_at(end);
        let value = value.trim_end_matches(';');
        return ((!value.is_empty()).then(|| value.to_owned()), after);
    };
    let mut value = String::new();
    let mut escaped = false;
    for (position, each) in quoted.char_indices() {
        match (escaped, each) {
            (false, '\\') => escaped = true,
            (false, '"') => {
                let after = quoted.get(position + 1..).unwrap_or_default();
                return (Some(value), after);
            }
            _ => {
                escaped = false;
                value.push(each);
            }
        }
    }
    (None, "")
}

/// The text after the next comma or white space.
fn past_comma(text: &str) -> &str {
    let text = text.trim_start_matches([' ', '\t']);
    match text.find(',') {
        Some(comma) => text
            .get(comma..)
            .unwrap_or_default()
            .trim_start_matches(is_gap),
        None => "",
    }
}

fn is_gap(each: char) -> bool {
    matches!(each, ' ' | '\t' | ',' | ';')
}

/// RFC 9110, section 5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

const LONGEST_VALUE: usize = 16 * 1024;
const MOST_CHALLENGES: usize = 32;
const MOST_PARAMETERS: usize = 32;
const MOST_SCOPES: usize = 128;
const LONGEST_SCOPE: usize = 256;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(value: &str) -> Requirements {
        Requirements::read([value])
    }

    #[test]
    fn parameters_are_read_quoted_and_plain() {
        for value in [
            "Bearer resource_metadata=\"https://a.test/m\", scope=\"x y\", error=\"invalid_token\"",
            "bearer resource_metadata=https://a.test/m,scope=\"x y\",error=invalid_token",
            "BEARER  Resource_Metadata = \"https://a.test/m\" , scope=\"x y x\" , error=invalid_token ,",
        ] {
            let demand = read(value);
            assert_eq!(
                demand.resource_metadata.as_deref(),
                Some("https://a.test/m"),
                "{value}"
            );
            assert_eq!(demand.scopes, ["x", "y"], "{value}");
            assert_eq!(demand.error.as_deref(), Some("invalid_token"), "{value}");
        }
    }

    #[test]
    fn the_challenge_with_metadata_is_found_among_several() {
        let one = "Basic realm=\"a, Bearer scope=z\", Negotiate abc==, DPoP algs=\"ES256\", \
                   Bearer realm=\"x\", Bearer resource_metadata=\"https://a.test/m\"";
        let demand = read(one);
        assert_eq!(
            demand.resource_metadata.as_deref(),
            Some("https://a.test/m")
        );
        assert!(demand.scopes.is_empty());
        assert!(demand.others.contains(&"dpop".to_owned()));
        let apart = Requirements::read([
            "Basic realm=\"a\"",
            "Bearer resource_metadata=\"https://b.test/\"",
        ]);
        assert_eq!(apart.resource_metadata.as_deref(), Some("https://b.test/"));
    }

    #[test]
    fn an_escaped_quote_does_not_end_a_value() {
        let demand = read(r#"Bearer realm="a\", scope=\"evil", scope=good"#);
        assert_eq!(demand.scopes, ["good"]);
    }

    /// Real servers separate parameters with spaces and semicolons, and leave quotes out.
    #[test]
    fn parameters_are_found_behind_any_separator() {
        for value in [
            "Bearer realm=\"a\" resource_metadata=\"https://a.test/m\" scope=\"x y\"",
            "Bearer realm=\"a\"; resource_metadata=\"https://a.test/m\"; scope=\"x y\"",
            "Bearer realm=a resource_metadata=https://a.test/m scope=\"x y\"",
            "Bearer realm=a; resource_metadata=https://a.test/m; scope=\"x y\"",
            "Bearer realm=my server, resource_metadata=https://a.test/m, scope=\"x y\"",
            "Bearer realm=\"a\",resource_metadata=\"https://a.test/m\",,scope=\"x y\",",
            "Bearer realm=\"a, b; c=d\", resource_metadata=\"https://a.test/m\", scope=\"x y\"",
            "Bearer\tresource_metadata =\t\"https://a.test/m\"\t,\tscope= \"x y\"",
            "bEaReR RESOURCE_METADATA=\"https://a.test/m\", Scope=\"x y\"",
            "Basic realm=\"b\", Bearer resource_metadata=\"https://a.test/m\" scope=\"x y\"",
            "Negotiate YII=, Bearer resource_metadata=\"https://a.test/m\", scope=\"x y\"",
            "Negotiate YIIg==, Bearer resource_metadata=\"https://a.test/m\", scope=\"x y\"",
        ] {
            let demand = read(value);
            let metadata = demand.resource_metadata.as_deref();
            assert_eq!(metadata, Some("https://a.test/m"), "{value}");
            assert_eq!(demand.scopes, ["x", "y"], "{value}");
        }
    }

    #[test]
    fn a_challenge_without_bearer_asks_for_none() {
        assert!(!read("Basic realm=\"x\"").bearer);
        assert!(!read("").bearer);
        assert_eq!(
            read("Bearer"),
            Requirements {
                bearer: true,
                ..Requirements::default()
            }
        );
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in ".{0,300}") {
            let demand = read(&text);
            prop_assert!(demand.scopes.iter().all(|scope| is_scope(scope)));
        }
    }
}

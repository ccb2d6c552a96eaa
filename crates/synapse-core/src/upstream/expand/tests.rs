//! Expansion and fingerprints in a simulated environment.

use super::*;
use crate::upstream::{
    Pin, Protocol, Relay, ToolFilter, UpstreamName, UpstreamTimes, UpstreamTransport,
};

/// A machine with every program except `missing` in `/bin`, and existing directories.
#[derive(Debug)]
struct Everything;

impl Places for Everything {
    fn program(&self, name: &str, search_path: Option<&str>) -> Option<String> {
        match name {
            "missing" => None,
            path if path.starts_with('/') => Some(path.to_owned()),
            name => Some(format!("{}/{name}", search_path?)),
        }
    }

    fn directory(&self, path: &str) -> Result<String, String> {
        match path {
            "/gone" => Err("no such directory".to_owned()),
            path => Ok(path.trim_end_matches('/').to_owned()),
        }
    }
}

fn upstream(transport: UpstreamTransport) -> Upstream {
    Upstream {
        name: "s".parse::<UpstreamName>().unwrap(),
        transport,
        disabled: false,
        note: None,
        groups: Vec::new(),
        tools: ToolFilter::default(),
        relay: Relay::default(),
        pin: Pin::default(),
        protocol: Protocol::default(),
        times: UpstreamTimes::default(),
        sampling_connection: None,
        env_file: None,
        oauth: None,
        ignored: Vec::new(),
    }
}

fn template(text: &str) -> Template {
    Template::parse(text).unwrap()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, Template)> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), template(value)))
        .collect()
}

fn program_of(command: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Upstream {
    upstream(UpstreamTransport::Stdio {
        command: template(command),
        arguments: arguments.iter().map(|each| template(each)).collect(),
        environment: pairs(environment),
        directory: None,
    })
}

fn url_of(url: &str, headers: &[(&str, &str)], variables: &[(&str, &str)]) -> Upstream {
    upstream(UpstreamTransport::Http {
        url: template(url),
        headers: pairs(headers),
        variables: pairs(variables),
    })
}

/// Expands in an environment with these variables.
fn within(upstream: &Upstream, environment: &[(&str, &str)]) -> Result<Expanded, Failure> {
    let environment: BTreeMap<String, String> = environment
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let environment = move |name: &str| environment.get(name).cloned();
    expand(
        upstream,
        &Surroundings {
            env_files: &[],
            environment: &environment,
            search_path: Some("/bin"),
            home_directory: Some("/home/me"),
            workspace: Some("/projects/one"),
            places: &Everything,
        },
    )
}

fn print(upstream: &Upstream, environment: &[(&str, &str)]) -> Fingerprint {
    within(upstream, environment).unwrap().fingerprint
}

#[test]
fn a_program_is_found_and_its_texts_expanded() {
    let server = program_of(
        "npx",
        &["--dir", "${workspaceFolder}/src", "${MODE:-fast}", "~"],
        &[("A", "${keyring:a}"), ("B", "b-${C}")],
    );
    let expanded = within(&server, &[("C", "c")]).unwrap();
    let Target::Program {
        program,
        arguments,
        directory,
        environment,
    } = &expanded.target
    else {
        panic!("{expanded:?}")
    };
    assert_eq!(program, "/bin/npx");
    assert_eq!(arguments, &["--dir", "/projects/one/src", "fast", "~"]);
    assert_eq!(directory, "/home/me");
    let shown: Vec<String> = environment
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    assert_eq!(shown, ["A=${keyring:a}", "B=b-${C}"]);
    assert_eq!(expanded.variables["C"], VariableSource::Environment);
    assert_eq!(expanded.variables["MODE"], VariableSource::Default);
}

#[test]
fn variables_of_a_url_are_looked_up_when_they_are_needed() {
    let server = url_of(
        "https://a.example/mcp?login",
        &[("Authorization", "Bearer ${HF_TOKEN}")],
        &[
            ("HF_TOKEN", "${HF_TOKEN}"),
            ("HF_CLIENT_ID", "${HF_CLIENT_ID}"),
        ],
    );
    let expanded = within(&server, &[("HF_TOKEN", "fake-value")]).unwrap();
    let Target::Url { url, headers } = &expanded.target else {
        panic!("{expanded:?}")
    };
    assert_eq!(url.as_str(), "https://a.example/mcp?login");
    assert_eq!(headers[0].1.to_string(), "Bearer ${HF_TOKEN}");
    assert!(!format!("{expanded:?}").contains("fake-value"));
    // An unreferenced variable may be missing.
    let failure = within(&server, &[]).unwrap_err();
    assert_eq!(failure.code(), Code::ConfigUnresolvedVariable);
    assert_eq!(failure.context()["variable"], "HF_TOKEN");
}

#[test]
fn an_own_variable_may_hold_a_secret_and_never_means_itself_twice() {
    let server = url_of(
        "https://a.example",
        &[("X", "${A}")],
        &[("A", "${B}"), ("B", "${keyring:b}")],
    );
    let Target::Url { headers, .. } = within(&server, &[]).unwrap().target else {
        panic!("a URL")
    };
    assert_eq!(headers[0].1.to_string(), "${keyring:b}");
    let circle = url_of(
        "https://a.example",
        &[("X", "${A}")],
        &[("A", "${B}"), ("B", "${A}")],
    );
    assert_eq!(
        within(&circle, &[]).unwrap_err().code(),
        Code::ConfigUnresolvedVariable
    );
}

#[test]
fn a_file_comes_before_the_environment() {
    let server = url_of("https://a.example", &[("X", "${A}")], &[]);
    let file = EnvFile {
        path: "/x/.env".to_owned(),
        variables: [("A".to_owned(), "file".to_owned())].into(),
    };
    let environment = |_: &str| Some("environment".to_owned());
    let surroundings = Surroundings {
        env_files: &[file],
        environment: &environment,
        search_path: None,
        home_directory: None,
        workspace: None,
        places: &Everything,
    };
    let expanded = expand(&server, &surroundings).unwrap();
    assert_eq!(expanded.variables["A"], VariableSource::File);
    let Target::Url { headers, .. } = expanded.target else {
        panic!("a URL")
    };
    let Piece::Value { value, .. } = &headers[0].1.pieces[0] else {
        panic!("a value")
    };
    assert_eq!(value.expose(), "file");
}

#[test]
fn a_token_never_becomes_an_argument_or_part_of_a_url() {
    let token = ["hf_", &"a1B2c3D4e5".repeat(4)[..34]].concat();
    let environment = [("T", token.as_str())];
    for server in [
        program_of("x", &["--token=${T}"], &[]),
        program_of("x", &["${A}"], &[("A", "${keyring:a}")]),
        url_of("https://a.example/?t=${T}", &[], &[]),
        url_of("https://me:pass@a.example/", &[], &[]),
    ] {
        let failure = within(&server, &environment).unwrap_err();
        assert_eq!(failure.code(), Code::ConfigSecretInArgv);
        assert!(!format!("{failure:?}").contains(&token));
    }
}

#[test]
fn what_is_not_there_is_named() {
    for (server, code) in [
        (program_of("missing", &[], &[]), Code::UpstreamStartFailed),
        (
            program_of("x", &["${NOPE}"], &[]),
            Code::ConfigUnresolvedVariable,
        ),
        (
            url_of("http://a.example/", &[], &[]),
            Code::EndpointInvalidUrl,
        ),
        (
            url_of("ftp://a.example/", &[], &[]),
            Code::EndpointInvalidUrl,
        ),
        (url_of("${NOPE}", &[], &[]), Code::ConfigUnresolvedVariable),
    ] {
        let failure = within(&server, &[]).unwrap_err();
        assert_eq!(failure.code(), code, "{failure:?}");
        assert!(failure.code() == Code::EndpointInvalidUrl || failure.message().contains("`s`"));
    }
}

#[test]
fn every_part_of_what_was_shown_is_in_the_fingerprint() {
    let base = print(&program_of("x", &["a", "b"], &[("A", "1")]), &[]);
    for other in [
        program_of("y", &["a", "b"], &[("A", "1")]),
        program_of("x", &["a", "c"], &[("A", "1")]),
        program_of("x", &["ab"], &[("A", "1")]),
        program_of("x", &["a", "b", ""], &[("A", "1")]),
        program_of("x", &["b", "a"], &[("A", "1")]),
        program_of("x", &["a", "b"], &[("A", "2")]),
        program_of("x", &["a", "b"], &[("B", "1")]),
        program_of("x", &["a", "b"], &[("A", "${keyring:a}")]),
        program_of("x", &["a", "b"], &[]),
        at(program_of("x", &["a", "b"], &[("A", "1")]), "/elsewhere"),
        url_of("https://a.example/mcp", &[], &[]),
    ] {
        assert_ne!(print(&other, &[]), base, "{other:?}");
    }
    let base = print(&url_of("https://a.example/mcp", &[("X", "1")], &[]), &[]);
    for other in [
        url_of("https://a.example/mcp2", &[("X", "1")], &[]),
        url_of("https://a.example/mcp?login", &[("X", "1")], &[]),
        url_of("https://b.example/mcp", &[("X", "1")], &[]),
        url_of("https://a.example/mcp", &[("X", "2")], &[]),
        url_of("https://a.example/mcp", &[], &[]),
        url_of("https://a.example/mcp", &[("Y", "1")], &[]),
        url_of("https://a.example/mcp", &[("X", "1"), ("Y", "")], &[]),
        url_of("https://a.example/mcp", &[("X", "${keyring:x}")], &[]),
        url_of("https://a.example:444/mcp", &[("X", "1")], &[]),
    ] {
        assert_ne!(print(&other, &[]), base, "{other:?}");
    }
    // A secret counts by its reference.
    let of = |reference| url_of("https://a.example", &[("Authorization", reference)], &[]);
    let base = print(&of("Bearer ${keyring:a}"), &[]);
    for other in ["Bearer ${keyring:b}", "Basic ${keyring:a}", "${keyring:a}"] {
        assert_ne!(print(&of(other), &[]), base, "{other}");
    }
}

fn at(mut server: Upstream, place: &str) -> Upstream {
    if let UpstreamTransport::Stdio { directory, .. } = &mut server.transport {
        *directory = Some(template(place));
    }
    server
}

#[test]
fn what_does_not_matter_is_not_in_the_fingerprint() {
    let one = program_of("x", &[], &[("A", "1"), ("B", "2")]);
    let other = program_of("x", &[], &[("B", "2"), ("A", "1")]);
    assert_eq!(print(&one, &[]), print(&other, &[]));
    let one = url_of("https://a.example", &[("X-A", "1")], &[]);
    let other = url_of("https://a.example", &[("x-a", "1")], &[]);
    assert_eq!(print(&one, &[]), print(&other, &[]));
    // A plain variable counts as its text.
    let named = program_of("x", &["${DIR}"], &[("A", "${MODE}")]);
    let written = program_of("x", &["/tmp"], &[("A", "fast")]);
    assert_eq!(
        print(&named, &[("DIR", "/tmp"), ("MODE", "fast")]),
        print(&written, &[])
    );
}

#[test]
fn a_new_token_needs_no_new_approval_and_another_plain_value_does() {
    let bearer = url_of(
        "https://a.example",
        &[("Authorization", "Bearer ${T}")],
        &[],
    );
    assert_eq!(
        print(&bearer, &[("T", "one")]),
        print(&bearer, &[("T", "two")])
    );
    let token = program_of("x", &[], &[("A", "${HF_TOKEN}")]);
    assert_eq!(
        print(&token, &[("HF_TOKEN", "one")]),
        print(&token, &[("HF_TOKEN", "two")])
    );
    let plain = program_of("x", &[], &[("MODE", "${MODE}")]);
    assert_ne!(
        print(&plain, &[("MODE", "fast")]),
        print(&plain, &[("MODE", "slow")])
    );
    let argument = program_of("x", &["${DIR}"], &[]);
    assert_ne!(
        print(&argument, &[("DIR", "/one")]),
        print(&argument, &[("DIR", "/two")])
    );
}

#[test]
fn the_folder_of_an_ide_is_approved_by_name() {
    let server = program_of(
        "x",
        &["${workspaceFolder}/a"],
        &[("W", "${workspaceFolder}")],
    );
    let of = |workspace: &'static str| {
        let environment = |_: &str| None;
        expand(
            &server,
            &Surroundings {
                env_files: &[],
                environment: &environment,
                search_path: Some("/bin"),
                home_directory: Some("/home/me"),
                workspace: Some(workspace),
                places: &Everything,
            },
        )
        .unwrap()
    };
    assert_eq!(of("/one").fingerprint, of("/two").fingerprint);
    assert_ne!(of("/one").target, of("/two").target);
    let literal = program_of("x", &["/one/a"], &[("W", "${workspaceFolder}")]);
    assert_ne!(of("/one").fingerprint, print(&literal, &[]));
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_reader_or_the_expansion_panic(text in ".{0,80}") {
        if let Ok(template) = Template::parse(&text) {
            let shown = template.to_string();
            proptest::prop_assert_eq!(&Template::parse(&shown).unwrap(), &template);
            let server = upstream(UpstreamTransport::Http {
                url: template.clone(),
                headers: vec![("X".to_owned(), template)],
                variables: Vec::new(),
            });
            drop(within(&server, &[("A", "a")]));
        }
    }

    #[test]
    fn two_lists_of_arguments_never_share_a_fingerprint(
        one in proptest::collection::vec("[a-c]{0,3}", 0..4),
        other in proptest::collection::vec("[a-c]{0,3}", 0..4),
    ) {
        let of = |list: &[String]| {
            let words: Vec<&str> = list.iter().map(String::as_str).collect();
            print(&program_of("x", &words, &[]), &[])
        };
        proptest::prop_assert_eq!(one == other, of(&one) == of(&other));
    }
}

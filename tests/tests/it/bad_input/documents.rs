//! With `--json`, a failure is one document on stdout, with the exit code of its class.

use serde_json::Value;
use synapse_testkit::provider_doubles::{OpenAiDouble, OpenAiFault, Route};
use synapse_tests::{Flags, Home, LocalProvider as _};

use super::{BASE_URL, TWIN, write_connection};

/// The error of the single document printed by a failing command.
fn error(home: &Home, arguments: &[&str], schema: &str) -> Value {
    let output = home.run([arguments, &["--json"]].concat());
    assert_eq!(output.stdout.lines().count(), 1, "{arguments:?}\n{output}");
    let document = output.json();
    assert_eq!(document["schema"], schema, "{arguments:?}\n{document}");
    assert_eq!(document["ok"], false, "{document}");
    let code = document["error"]["code"].as_str().unwrap().to_owned();
    let explained = home.run(["explain", &code, "--json"]).with_code(0).json();
    assert_eq!(explained["exit_code"], output.code, "{arguments:?}");
    assert_eq!(explained["class"], document["error"]["class"]);
    let told = format!("error[{code}]: ");
    assert!(
        output.stderr.starts_with(&told),
        "people are told as well: {output}"
    );
    document
}

fn assert_code(home: &Home, arguments: &[&str], code: &str) {
    let document = error(home, arguments, "synapse.error/1");
    assert_eq!(document["error"]["code"], code, "{arguments:?}");
}

#[test]
fn every_reading_command_fails_with_one_document() {
    let home = Home::new(TWIN);
    write_connection(&home, "file:/nowhere", BASE_URL);
    for (arguments, code) in [
        (&["chat", "nope", "hello"][..], "config.not-found"),
        (&["chat", "work", ""], "usage.invalid-arguments"),
        (&["chat", "work", "hello"], "credential.missing"),
        (
            &["chat", "work", "hello", "--model", " "],
            "config.invalid-value",
        ),
        (&["connection", "show", "nope"], "config.not-found"),
        (&["connection", "remove", "nope"], "config.not-found"),
        (
            &["connection", "edit", "nope", "--model", "m"],
            "config.not-found",
        ),
        (&["connection", "edit", "work"], "usage.invalid-arguments"),
        (&["preflight", "nope"], "config.not-found"),
        (&["preflight"], "usage.invalid-arguments"),
        (&["explain", "no.such"], "usage.invalid-arguments"),
        (&["history", "show", "nope"], "usage.invalid-arguments"),
        (
            &["history", "list", "--before", "nope"],
            "usage.invalid-arguments",
        ),
        (
            &["history", "list", "--where", "colour=red"],
            "usage.invalid-arguments",
        ),
        (
            &["history", "list", "--until", "soon"],
            "usage.invalid-arguments",
        ),
        (
            &["history", "purge", "--before", "30d"],
            "usage.invalid-arguments",
        ),
        (&["history", "export"], "usage.invalid-arguments"),
        (
            &["usage", "--since", "yesterday"],
            "usage.invalid-arguments",
        ),
    ] {
        assert_code(&home, arguments, code);
    }
    let document = error(&home, &["preflight", "work"], "synapse.preflight/1");
    assert_eq!(document["error"]["code"], "credential.missing");
}

#[test]
fn a_broken_file_fails_every_command_that_needs_it() {
    let home = Home::new(TWIN);
    home.write(".synapse/connections.toml", "format = \n");
    for arguments in [
        &["chat", "work", "hello"][..],
        &["connection", "list"],
        &["connection", "show", "work"],
        &["preflight", "work"],
        &["preflight", "--all"],
    ] {
        let document = error(&home, arguments, "synapse.error/1");
        assert_eq!(document["error"]["code"], "config.syntax");
        let context = &document["error"]["context"];
        let file = home.connections().display().to_string();
        assert_eq!(context["file"], *file, "{document}");
        assert_eq!(context["line"], "1");
        assert_eq!(context["column"], "10");
    }
    // Commands that do not need the file still work.
    home.run(["history", "--json"]).with_code(0);
    home.run(["usage", "--json"]).with_code(0);
    home.run(["explain"]).with_code(0);
}

#[test]
fn one_failure_among_several_connections_is_one_document() {
    let double = OpenAiDouble::with_faults([(Route::Models, OpenAiFault::ServerError)]);
    let home = Home::new(TWIN);
    home.save("good", &double, double.opening());
    let nowhere = Flags {
        credential: "file:/nowhere".to_owned(),
        ..double.flags(&home)
    };
    home.create("closed", &nowhere, &["--offline"]).with_code(0);
    let document = error_free(&home.run(["preflight", "--all", "--json"]).with_code(5));
    assert_eq!(document["schema"], "synapse.preflights/1");
    assert_eq!(document["ok"], false);
    let each: Vec<_> = document["preflights"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (
                one["connection"].as_str().unwrap(),
                one["ok"].as_bool().unwrap(),
            )
        })
        .collect();
    assert_eq!(each, [("good", true), ("closed", false)]);
}

#[test]
fn a_command_line_that_does_not_fit_is_a_document_too() {
    let home = Home::new(TWIN);
    for arguments in [
        &["chat", "--no-such"][..],
        &["nonsense"],
        &["connection", "edit"],
        &["usage", "--by", "phase-of-the-moon"],
    ] {
        let output = home.run([arguments, &["--json"]].concat()).with_code(2);
        let document = error_free(&output);
        assert_eq!(document["schema"], "synapse.error/1");
        assert_eq!(document["error"]["code"], "usage.invalid-arguments");
        let message = document["error"]["message"].as_str().unwrap();
        assert!(!message.is_empty() && !message.contains('\n'), "{document}");
        assert!(output.stderr.starts_with("error: "), "{output}");
    }
    let help = home.run(["chat", "--help", "--json"]).with_code(0);
    assert!(help.stdout.contains("Usage: "), "{help}");
}

fn error_free(output: &synapse_tests::Output) -> Value {
    assert_eq!(output.stdout.lines().count(), 1, "{output}");
    output.json()
}

#[test]
fn good_results_are_one_document_too_and_stderr_is_quiet() {
    let double = OpenAiDouble::start();
    let home = Home::new(TWIN);
    let open = ["--allow-network", "--json"];
    let created = home.create("work", &double.flags(&home), &open);
    let mut outputs = vec![(created, "synapse.connection/1")];
    for (arguments, schema) in [
        (&["chat", "work", "hello"][..], "synapse.chat/1"),
        (&["connection", "list"], "synapse.connections/1"),
        (&["connection", "show", "work"], "synapse.connection/1"),
        (&["preflight", "work"], "synapse.preflight/1"),
        (&["preflight", "--all"], "synapse.preflights/1"),
        (&["models", "work"], "synapse.models/1"),
        (&["history"], "synapse.history/1"),
        (&["history", "list"], "synapse.history/1"),
        (&["usage"], "synapse.usage/1"),
        (&["explain"], "synapse.codes/1"),
        (&["explain", "storage.locked"], "synapse.code/1"),
        (&["connection", "remove", "work"], "synapse.connection/1"),
    ] {
        outputs.push((
            home.run([arguments, &["--json"]].concat()).with_code(0),
            schema,
        ));
    }
    for (output, schema) in outputs {
        let document = error_free(&output);
        assert_eq!(document["schema"], schema);
        assert_eq!(document["ok"], true);
        assert_eq!(output.stderr, "", "{output}");
    }
}

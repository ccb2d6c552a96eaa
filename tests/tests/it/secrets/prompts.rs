//! Secrets typed on a real terminal are never displayed, cancelling writes nothing, and the
//! terminal is restored. Also secrets from a pipe.

use std::os::unix::fs::MetadataExt as _;

use synapse_testkit::leak::Canary;
use synapse_tests::process::Run;
use synapse_tests::{Flags, Home, LocalProvider as _, Output, Terminal};

use super::{TWIN, answering, shapes};

const CREDENTIAL: i32 = 4;
const INTERRUPTED: i32 = 130;
const SECRET: &str = "secret for ";
const NEW: &str = "new passphrase of the local vault (not shown): ";
const AGAIN: &str = "once more: ";
const OPEN: &str = "passphrase of the local vault (not shown): ";
const LOCAL: &str = "vault:local/work";

/// A token, a home, and a reference to a missing file in it.
fn home() -> (Canary, Home, String) {
    let home = Home::new(TWIN);
    let reference = format!("file:{}", home.path().join("kept").display());
    (Canary::new(&shapes()[0].1), home, reference)
}

/// Answers each prompt as soon as it appears.
fn answer(run: Run, answers: &[(&str, &str)]) -> Output {
    let mut terminal = Terminal::start(run);
    for (prompt, keys) in answers {
        terminal.wait_for(prompt);
        terminal.press(keys);
    }
    terminal.finish()
}

fn kept(home: &Home) -> String {
    let file = home.path().join("kept");
    assert_eq!(std::fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
    let kept = std::fs::read_to_string(file).unwrap();
    kept.trim_end().to_owned()
}

/// Repeated, because the outcome of the race varies.
#[test]
fn a_typed_secret_is_kept_and_never_on_the_screen() {
    for _ in 0..8 {
        let (canary, home, reference) = home();
        let prompt = format!("secret for {reference} (not shown): ");
        let typed = format!("{}\n", canary.token());
        let set = ["secret", "set", &reference];
        let seen = answer(home.twin(set), &[(&prompt, &typed)]).with_code(0);
        assert_eq!(canary.found_in(seen.stdout.as_bytes()), None, "{seen}");
        assert!(seen.stdout.contains("kept in "), "{seen}");
        assert_eq!(kept(&home), canary.token());
    }
}

#[test]
fn a_typed_secret_can_be_corrected_and_replaced() {
    let (_, home, reference) = home();
    let set = ["secret", "set", &reference];
    answer(home.twin(set), &[(SECRET, "not\u{15}fakf\u{7f}e-one\n")]).with_code(0);
    assert_eq!(kept(&home), "fake-one");
    // Does not ask for a secret that would not be stored.
    let again = answer(home.twin(set), &[]).with_code(CREDENTIAL);
    assert!(again.stdout.contains("credential.exists"), "{again}");
    assert!(!again.stdout.contains(SECRET), "{again}");
    assert_eq!(kept(&home), "fake-one");
    let rotate = ["secret", "rotate", &reference];
    answer(home.twin(rotate), &[(SECRET, "fake-two\n")]).with_code(0);
    assert_eq!(kept(&home), "fake-two");
}

#[test]
fn giving_up_at_the_prompt_writes_nothing() {
    let half = format!("fake-half{}", Terminal::CTRL_C);
    for (keys, code, says) in [
        (Terminal::CTRL_C, INTERRUPTED, ""),
        (&half, INTERRUPTED, ""),
        (
            Terminal::CTRL_D,
            CREDENTIAL,
            "error[credential.unreadable]: no secret was given",
        ),
        ("\n", CREDENTIAL, "error[credential.empty]"),
        (" fake\n", CREDENTIAL, "error[credential.malformed]"),
    ] {
        let (_, home, reference) = home();
        for command in ["set", "rotate"] {
            let words = ["secret", command, &reference];
            let seen = answer(home.twin(words), &[(SECRET, keys)]).with_code(code);
            assert!(seen.stdout.contains(says), "{keys:?}: {seen}");
            assert!(!seen.stdout.contains("half"), "{seen}");
            assert_eq!(home.files(), [], "{keys:?}");
        }
    }
}

#[test]
fn a_pipe_gives_one_line_and_is_asked_nothing() {
    let (canary, home, reference) = home();
    let set = ["secret", "set", &reference];
    for (input, code) in [
        (String::new(), "credential.empty"),
        (
            format!("{0}\n{0}\n", canary.token()),
            "credential.multi-line",
        ),
        (format!(" {}\n", canary.token()), "credential.malformed"),
    ] {
        let refused = home.twin(set).input(input).output().with_code(CREDENTIAL);
        let head = format!("error[{code}]: ");
        assert!(refused.stderr.starts_with(&head), "{refused}");
        assert_eq!(home.files(), []);
    }
    let typed = format!("{}\n", canary.token());
    let output = home.twin(set).input(typed).output().with_code(0);
    assert!(!output.to_string().contains("(not shown)"), "{output}");
    assert_eq!(canary.found_in(output.to_string().as_bytes()), None);
    assert_eq!(kept(&home), canary.token());
}

/// The vault's passphrase is entered twice when chosen, once when opening, and never displayed.
#[test]
fn the_passphrase_of_the_local_vault_is_never_on_the_screen() {
    const PASSPHRASE: &str = "correct horse fake battery";
    let provider = answering();
    let (canary, home, _) = home();
    let chosen = format!("{PASSPHRASE}\n");
    let secret = format!("{}\n", canary.token());
    let set = ["secret", "set", LOCAL];
    let typed = [(SECRET, secret.as_str()), (NEW, &chosen), (AGAIN, &chosen)];
    let mut screens = vec![answer(home.twin(set), &typed).with_code(0)];

    // The vault is opened first, once, before asking for a secret that might not be stored.
    let again = answer(home.twin(set), &[(OPEN, &chosen)]).with_code(CREDENTIAL);
    assert!(again.stdout.contains("credential.exists"), "{again}");
    assert!(!again.stdout.contains(SECRET), "{again}");
    // Not asked again when it is sealed, even if that takes long.
    let other = home.twin(["secret", "set", "vault:local/other"]);
    let other = answer(other, &[(OPEN, &chosen), (SECRET, "fake-other\n")]);
    assert_eq!(other.stdout.matches(OPEN).count(), 1, "{other}");

    let flags = Flags {
        credential: LOCAL.to_owned(),
        ..provider.flags(&home)
    };
    let create = home.creating("work", &flags, provider.opening());
    screens.push(answer(create, &[(OPEN, &chosen)]).with_code(0));
    let chat = ["chat", "work", "hello"];
    let wrong = answer(home.twin(chat), &[(OPEN, "another fake one\n")]);
    screens.push(wrong.with_code(CREDENTIAL));
    assert!(screens[2].stdout.contains("credential.vault-wrong-key"));
    let nobody = home.run(chat).with_code(CREDENTIAL);
    assert!(
        nobody.stderr.contains("credential.store-locked"),
        "{nobody}"
    );
    assert_eq!(provider.heads(), 0);

    screens.push(answer(home.twin(chat), &[(OPEN, &chosen)]).with_code(0));
    assert!(screens[3].stdout.contains("Here\n"), "{}", screens[3]);
    let sent = provider.only_request();
    let bearer = format!("Bearer {}", canary.token());
    assert_eq!(sent.header("authorization"), Some(bearer.as_str()));
    for seen in &screens {
        assert_eq!(canary.found_in(seen.stdout.as_bytes()), None, "{seen}");
        assert!(!seen.stdout.contains("horse"), "{seen}");
    }
}

#[test]
fn no_passphrase_means_no_vault_and_no_request() {
    for (answers, code, says) in [
        (
            &[(NEW, "fake\n"), (AGAIN, "other\n")][..],
            CREDENTIAL,
            "the two passphrases are not the same",
        ),
        (
            &[(NEW, "\n"), (AGAIN, "\n")],
            CREDENTIAL,
            "the passphrase is empty",
        ),
        (
            &[(NEW, Terminal::CTRL_D)],
            CREDENTIAL,
            "no secret was given",
        ),
        (&[(NEW, Terminal::CTRL_C)], INTERRUPTED, ""),
        (
            &[(NEW, "fake\n"), (AGAIN, Terminal::CTRL_C)],
            INTERRUPTED,
            "",
        ),
    ] {
        let home = Home::new(TWIN);
        let answers = [&[(SECRET, "fake-token\n")], answers].concat();
        let seen = answer(home.twin(["secret", "set", LOCAL]), &answers).with_code(code);
        assert!(seen.stdout.contains(says), "{seen}");
        assert!(!home.synapse().join("vault.age").exists(), "{answers:?}");
    }
}

/// Interrupts a call that waits for its credential's passphrase.
#[test]
fn a_call_that_is_interrupted_at_the_passphrase_sends_nothing() {
    let provider = answering();
    let home = Home::new(TWIN);
    let typed = [(SECRET, "fake-token\n"), (NEW, "fake\n"), (AGAIN, "fake\n")];
    answer(home.twin(["secret", "set", LOCAL]), &typed).with_code(0);
    let flags = Flags {
        credential: LOCAL.to_owned(),
        ..provider.flags(&home)
    };
    let create = home.creating("work", &flags, provider.opening());
    answer(create, &[(OPEN, "fake\n")]).with_code(0);
    let chat = ["chat", "work", "hello"];
    answer(home.twin(chat), &[(OPEN, Terminal::CTRL_C)]).with_code(INTERRUPTED);
    assert_eq!(provider.accepts(), 0);
    let rows = home.history();
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!(rows[0]["outcome"], "cancelled", "{rows:?}");
    assert_eq!(rows[0]["maybe_billed"], false, "{rows:?}");
}

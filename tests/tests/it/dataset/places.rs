//! Where an export writes, under which name, and what it leaves alone.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::time::Duration;

use synapse_tests::home::set_mode;

use super::{Machine, NOVEMBER, files, ids};

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_machine_has_a_random_id_until_it_is_given_a_name() {
    let machine = Machine::with(&[(NOVEMBER, "a", None)]);
    let dataset = machine.home.path().join("dataset");
    machine.export(&dataset, &[]);
    let name = |index: usize| {
        let files = files(&dataset);
        let path = files.keys().nth(index).unwrap();
        path.iter().next().unwrap().to_str().unwrap().to_owned()
    };
    let random = name(0);
    let id = random.strip_prefix("machine=m").unwrap();
    assert!(id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit()));
    // From now on; existing rows under the other name are not added again.
    machine.call(&[(NOVEMBER, "b", None)]);
    assert_eq!(machine.export(&dataset, &["--machine", "laptop"]), (1, 1));
    assert_eq!((name(0), name(1)), ("machine=laptop".to_owned(), random));
    machine.call(&[(NOVEMBER, "c", None)]);
    assert_eq!(machine.export(&dataset, &[]), (1, 1));
    assert_eq!(name(1), "machine=laptop");
    assert_eq!(ids(&dataset).len(), 3);
    assert_eq!(mode(&machine.home.synapse().join("machine.json")), 0o600);
}

#[test]
fn two_machines_of_one_name_do_not_disturb_each_other() {
    let (one, other) = (
        Machine::with(&[(NOVEMBER, "a", None)]),
        Machine::with(&[(NOVEMBER, "b", None)]),
    );
    let dataset = one.home.path().join("dataset");
    for machine in [&one, &other, &one, &other] {
        machine.export(&dataset, &["--machine", "same"]);
    }
    assert_eq!(ids(&dataset).len(), 2);
}

#[test]
fn whoever_may_read_the_directory_may_read_the_files() {
    let machine = Machine::with(&[(NOVEMBER, "a", None)]);
    let (own, shared) = (
        machine.home.path().join("own"),
        machine.home.path().join("shared"),
    );
    std::fs::create_dir(&shared).unwrap();
    set_mode(&shared, 0o775);
    for (dataset, directory, file) in [(&own, 0o700, 0o600), (&shared, 0o755, 0o644)] {
        machine.export(dataset, &[]);
        let path = dataset.join(files(dataset).into_keys().next().unwrap());
        assert_eq!(mode(&path), file);
        for above in path.ancestors().skip(1).take(2) {
            assert_eq!(mode(above), directory, "{}", above.display());
        }
    }
    assert_eq!(mode(&own), 0o700);
}

#[test]
fn nothing_is_written_through_a_link() {
    let machine = Machine::with(&[(NOVEMBER, "a", None)]);
    let named = ["--machine", "laptop"];
    let (tried, dataset) = (
        machine.home.path().join("tried"),
        machine.home.path().join("dataset"),
    );
    let elsewhere = machine.home.path().join("elsewhere");
    machine.export(&tried, &named);
    let part = files(&tried).into_keys().next().unwrap();
    std::fs::create_dir(&elsewhere).unwrap();
    for link in part.ancestors().filter(|path| path.iter().next().is_some()) {
        let link = dataset.join(link);
        std::fs::create_dir_all(link.parent().unwrap()).unwrap();
        let target = elsewhere.join("victim");
        let target = if link.extension().is_some_and(|ending| ending == "parquet") {
            &target
        } else {
            &elsewhere
        };
        symlink(target, &link).unwrap();
        let output = machine.run(&dataset, &named);
        assert_eq!(output.code, 13, "{output}");
        assert_eq!(files(&elsewhere).len(), 0);
        std::fs::remove_dir_all(&dataset).unwrap();
    }
    assert_eq!(machine.export(&dataset, &named), (1, 1));
}

#[test]
fn files_of_others_are_left_alone_and_count_for_nothing() {
    let machine = Machine::with(&[(NOVEMBER, "a", None)]);
    let month = "dataset/machine=laptop/month=2026-11";
    for name in [
        "calls.parquet",
        "m0000000000000001-000000000001-000000009999-0123456789abcdef.parquet",
        ".hidden",
    ] {
        machine
            .home
            .write(&format!("{month}/{name}"), "of somebody else");
    }
    machine
        .home
        .write("dataset/machine=laptop/month=soon/x", "of somebody else");
    let dataset = machine.home.path().join("dataset");
    let before = files(&dataset);
    assert_eq!(machine.export(&dataset, &["--machine", "laptop"]), (1, 1));
    let after = files(&dataset);
    assert!(before.iter().all(|(name, content)| after[name] == *content));
    assert_eq!(after.len(), before.len() + 1);
}

#[test]
fn a_second_export_at_once_waits_or_says_so() {
    let machine = Machine::with(&[(NOVEMBER, "a", None)]);
    let dataset = machine.home.path().join("dataset");
    let lock = machine.home.synapse().join("machine.json.lock");
    let held = synapse_home::atomic::Lock::acquire(&lock, Duration::from_secs(60)).unwrap();
    let output = machine.run(&dataset, &[]);
    assert_eq!(output.code, 13, "{output}");
    assert!(output.stdout.contains("storage.locked"), "{output}");
    drop(held);
    assert_eq!(machine.export(&dataset, &[]), (1, 1));
}

#[test]
fn a_damaged_note_of_the_machine_is_told_and_left() {
    let machine = Machine::with(&[(NOVEMBER, "a", None)]);
    let dataset = machine.home.path().join("dataset");
    for (content, code) in [
        ("{}", "storage.corrupt"),
        (
            "{\"schema\": \"synapse.machine/2\", \"id\": \"x\", \"names\": []}",
            "storage.newer-format",
        ),
        (
            "{\"schema\": \"synapse.machine/1\", \"id\": \"m0000000000000001\", \"names\": [\"../x\"]}",
            "storage.corrupt",
        ),
    ] {
        let note = machine.home.synapse().join("machine.json");
        drop(std::fs::remove_file(&note));
        machine.home.write(".synapse/machine.json", content);
        let output = machine.run(&dataset, &[]);
        assert_eq!(output.code, 13, "{output}");
        assert!(output.stdout.contains(code), "{output}");
        assert_eq!(std::fs::read_to_string(&note).unwrap(), content);
    }
    assert!(!dataset.exists());
}

#[test]
fn a_dataset_takes_no_filter_and_a_name_needs_a_dataset() {
    let machine = Machine::new();
    let dataset = machine.home.path().join("dataset");
    for flags in [
        &["--connection", "work"][..],
        &["--since", "30d"],
        &["--format", "csv"],
        &["--where", "attempts=1"],
        &["--machine", "../x"],
    ] {
        let output = machine.run(&dataset, flags);
        assert_eq!(output.code, 2, "{flags:?}: {output}");
    }
    machine
        .home
        .run(["history", "export", "--machine", "laptop"])
        .with_code(2);
    assert!(!dataset.exists());
}

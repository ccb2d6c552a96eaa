//! The guide's queries over the datasets of twenty machines, in the engines that it names.

use std::fs;
use std::path::Path;

use synapse_tests::process::Run;
use synapse_tests::third_party::{ENGINES, installed};
use synapse_tests::{Home, report};

/// Exports the ledger of `home` as that of twenty machines. The number of limits that do not hold.
#[expect(
    clippy::disallowed_methods,
    reason = "files of the benchmark's own directory"
)]
pub(crate) fn judge(home: &Home) -> usize {
    let directory = home.path().join("team");
    let dataset = directory.join("synapse");
    fs::create_dir(&directory).unwrap();
    let path = dataset.display().to_string();
    let export = ["history", "export", "--dataset", &path, "--machine", "m0"];
    home.run(export).with_code(0);
    let mut people = "machine,person\nm0,p0\n".to_owned();
    for number in 1..MACHINES {
        let machine = dataset.join(format!("machine=m{number}"));
        for month in fs::read_dir(dataset.join("machine=m0")).unwrap() {
            let month = month.unwrap();
            let copy = machine.join(month.file_name());
            fs::create_dir_all(&copy).unwrap();
            for file in fs::read_dir(month.path()).unwrap() {
                let file = file.unwrap();
                // A second name: twenty copies would only fill the disk.
                fs::hard_link(file.path(), copy.join(file.file_name())).unwrap();
            }
        }
        people.push_str(&format!("m{number},p{}\n", number % 7));
    }
    fs::write(directory.join("people.csv"), people).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut broken = 0;
    for engine in ["duckdb", "polars"] {
        let words = [
            root.join("third-party/engines/run.py").into_os_string(),
            engine.into(),
            root.join("../docs/guides/many-machines.md").into(),
            directory.clone().into(),
        ];
        let run = Run::new(&installed(ENGINES), words).env("HOME", &directory);
        let output = run.output().with_code(0);
        // The first query is that of the spending.
        let seconds: f64 = output.stderr.lines().next().unwrap().parse().unwrap();
        let is_above = seconds > MOST_SECONDS;
        broken += usize::from(is_above);
        report(&format!(
            "spending of {MACHINES} machines by person, month and model in {engine}: {seconds} s \
             (at most {MOST_SECONDS}{})",
            if is_above { ", ABOVE the limit" } else { "" },
        ));
    }
    broken
}

const MACHINES: usize = 20;
const MOST_SECONDS: f64 = 2.0;

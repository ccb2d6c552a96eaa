//! The scripts by which package managers start programs on Windows.

use std::ffi::OsStr;
use std::path::Path;
use std::time::Duration;

use synapse_process::{Guard, Limits, Program};

/// A directory with scripts of these names, each of which prints its name and first argument.
fn directory(names: &[&str]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for name in names {
        let script = format!("@echo off\r\necho {name} %1\r\n");
        std::fs::write(directory.path().join(name), script).unwrap();
    }
    directory
}

fn found(name: &str, directory: &Path) -> Option<String> {
    let program = Program::find(name, Some(directory.as_os_str()))?;
    let file = program.path().file_name().map(OsStr::to_string_lossy);
    file.map(std::borrow::Cow::into_owned)
}

#[test]
fn a_script_is_found_without_its_ending() {
    let directory = directory(&["npx.cmd", "uvx.bat", "both.exe", "both.cmd", "tool.py"]);
    let found = |name| found(name, directory.path());
    assert_eq!(found("npx").as_deref(), Some("npx.cmd"));
    assert_eq!(found("npx.cmd").as_deref(), Some("npx.cmd"));
    assert_eq!(found("uvx").as_deref(), Some("uvx.bat"));
    assert_eq!(found("both").as_deref(), Some("both.exe"));
    assert_eq!(found("tool.py"), None, "it needs another program");
    assert_eq!(found("npx.exe"), None);
    for elsewhere in [r"\npx", "/npx", r"..\npx", r".\npx", "C:npx"] {
        assert_eq!(found(elsewhere), None, "{elsewhere}");
    }
    let absolute = directory.path().join("npx");
    let program = Program::find(absolute.to_str().unwrap(), None).unwrap();
    assert_eq!(program.path(), directory.path().join("npx.cmd"));
}

#[tokio::test]
async fn a_script_runs_in_a_job_and_gets_its_arguments_whole() {
    let directory = directory(&["npx.cmd"]);
    let finished = Program::find("npx", Some(directory.path().as_os_str()))
        .unwrap()
        .arguments(["two words & calc"])
        .variables(std::env::vars_os())
        .directory(directory.path())
        .run(
            &Guard::program(env!("CARGO_BIN_EXE_synapse-process-descendants")),
            Limits {
                deadline: Duration::from_secs(60),
                stdout: 1024,
                stderr: 1024,
            },
        )
        .await
        .unwrap();
    assert!(finished.status.success());
    let output = String::from_utf8(finished.stdout.to_vec()).unwrap();
    assert_eq!(output.trim_end(), "npx.cmd \"two words & calc\"");
}

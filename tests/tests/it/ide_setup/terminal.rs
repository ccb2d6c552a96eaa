//! The confirmation on a terminal.

use synapse_tests::{Home, Terminal};

use crate::TWIN;

const QUESTION: &str = "Write this? [y/N]";

fn asked(home: &Home) -> Terminal {
    let mut terminal = Terminal::start(home.twin(["ide", "install", "cursor"]));
    terminal.wait_for(QUESTION);
    terminal
}

#[test]
fn the_whole_command_is_shown_and_yes_writes() {
    let home = Home::new(TWIN);
    let mut terminal = asked(&home);
    assert!(!home.path().join(".cursor").exists(), "written before yes");
    terminal.type_line("y");
    let screen = terminal.finish().with_code(0).stdout;
    let command = format!("\"command\": \"{TWIN}\"");
    assert!(screen.contains(&command), "{screen}");
    assert!(home.path().join(".cursor/mcp.json").exists());
}

#[test]
fn anything_but_yes_writes_nothing() {
    for (keys, code, says) in [
        ("\n", 0, "nothing was written"),
        ("n\n", 0, "nothing was written"),
        ("yess\n", 0, "nothing was written"),
        (Terminal::CTRL_D, 0, "nothing was written"),
        (Terminal::CTRL_C, 130, ""),
    ] {
        let home = Home::new(TWIN);
        let mut terminal = asked(&home);
        terminal.press(keys);
        let screen = terminal.finish().with_code(code).stdout;
        assert!(screen.contains(says), "{screen}");
        assert_eq!(home.files(), []);
    }
}

#[test]
fn a_file_that_changes_under_the_question_is_not_overwritten() {
    let home = Home::new(TWIN);
    let mut terminal = asked(&home);
    let file = home.write(".cursor/mcp.json", "{\"mine\": 1}");
    terminal.type_line("y");
    let screen = terminal.finish().with_code(3).stdout;
    assert!(screen.contains("ide.file-changed"), "{screen}");
    assert_eq!(std::fs::read_to_string(file).unwrap(), "{\"mine\": 1}");
}

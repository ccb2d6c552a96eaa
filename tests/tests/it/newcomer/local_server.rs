//! Setup with an LM Studio that listens on its own port, which is fixed. A network namespace of the
//! test alone has that port, so that no other test, and no real LM Studio, is in the way. Where the
//! system allows no namespace, it is the machine's port, one test after the other.

use std::path::PathBuf;

use synapse_tests::{Home, Terminal};

use super::own_files;
use crate::TWIN;

/// A program that is the twin beside an LM Studio with two models, which writes down what it is
/// asked for.
fn beside_lm_studio(home: &Home) -> (PathBuf, PathBuf) {
    let asked = home.write("asked", "");
    let server = home.write("lm-studio.py", SERVER);
    let script = format!(
        "#!/bin/sh
for apart in 'unshare --user --map-root-user --net' 'unshare --net' ''; do
    $apart true 2>/dev/null && break
done
exec $apart /usr/bin/python3 '{}' '{}' '{TWIN}' \"$@\"\n",
        server.display(),
        asked.display()
    );
    let program = home.write("beside-lm-studio", script);
    synapse_testkit::disk::set_mode(&program, 0o700);
    (program, asked)
}

#[test]
fn lm_studio_is_noticed_at_its_port_and_leads_to_a_connection_and_an_answer() {
    let home = Home::new(TWIN);
    let (program, asked) = beside_lm_studio(&home);
    let asked = || std::fs::read_to_string(&asked).unwrap();
    let run = home
        .twin(["setup"])
        .env("TERM", "xterm-256color")
        .env("PATH", "/usr/bin:/bin:/usr/sbin:/sbin");
    let mut terminal = Terminal::of(&program, run);
    terminal.wait_for_shown("> LM Studio             something listens at 127.0.0.1:1234");
    terminal.press("\r");
    terminal.wait_for_shown("None: this server takes none");
    terminal.press("\r");
    terminal.wait_for_shown("Open it for 127.0.0.1");
    assert_eq!(asked(), "", "noticed without a word to it");
    terminal.press("y\r");
    terminal.wait_for_shown("Which of 2 models?");
    assert_eq!(asked(), "GET /v1/models\n");
    terminal.press("small\r");
    terminal.wait_for_shown("Check it, and save it");
    terminal.press("\r");
    terminal.wait_for_shown("Ask:");
    assert_eq!(own_files(&home), ["connections.toml"]);
    terminal.press("Say hello\r");
    let seen = terminal.finish().with_code(0);
    for part in ["saved lmstudio", "Hello from here", "done."] {
        assert!(seen.stdout.contains(part), "{part}: {seen}");
    }
    assert_eq!(
        asked(),
        "GET /v1/models\nGET /v1/models\nPOST /v1/chat/completions\n"
    );
    let shown = home.run(["connection", "show", "lmstudio", "--json"]);
    let shown = shown.with_code(0).json()["connection"].clone();
    assert_eq!(shown["provider"], "lmstudio");
    assert_eq!(shown["model"], "small-1b");
    assert_eq!(shown["base_url"], "http://127.0.0.1:1234/v1");
}

#[test]
fn a_look_finds_lm_studio_where_nothing_was_noticed() {
    let home = Home::new(TWIN);
    let (program, asked) = beside_lm_studio(&home);
    let run = home
        .twin(["setup"])
        .env("TERM", "xterm-256color")
        .env("PATH", "/usr/bin:/bin:/usr/sbin:/sbin");
    let mut terminal = Terminal::of(&program, run);
    terminal.wait_for_shown("Who answers?");
    terminal.press("Look for");
    terminal.wait_for_shown("connects to 127.0.0.1:11434, 127.0.0.1:1234");
    terminal.press("\r");
    terminal.wait_for_shown("Ollama does not answer");
    terminal.wait_for_shown("LM Studio runs here and has 2 models");
    terminal.wait_for_shown("> LM Studio             runs here");
    assert_eq!(std::fs::read_to_string(&asked).unwrap(), "GET /v1/models\n");
    terminal.press(Terminal::ESC);
    drop(terminal.finish().with_code(0));
    assert!(own_files(&home).is_empty());
}

/// Brings up the loopback of its namespace, listens, and starts a program.
const SERVER: &str = r#"
import fcntl, http.server, json, os, socket, struct, subprocess, sys, threading

LOOPBACK_UP = struct.pack("16sh14x", b"lo", 1)
try:
    fcntl.ioctl(socket.socket(), 0x8914, LOOPBACK_UP)
except OSError:
    # The machine's own, where it is up.
    pass
alone = open(os.path.join("/tmp", f"synapse-lm-studio-{os.getuid()}"), "w")
fcntl.flock(alone, fcntl.LOCK_EX)


class LmStudio(http.server.BaseHTTPRequestHandler):
    def answer(self, document):
        with open(sys.argv[1], "a") as asked:
            asked.write(f"{self.command} {self.path}\n")
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        models = [{"id": name, "object": "model"} for name in ("large-70b", "small-1b")]
        self.answer({"object": "list", "data": models})

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        message = {"role": "assistant", "content": "Hello from here"}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        self.answer({"id": "1", "object": "chat.completion", "model": "small-1b", "choices": [choice]})

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 1234), LmStudio)
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.exit(subprocess.call(sys.argv[2:]))
"#;

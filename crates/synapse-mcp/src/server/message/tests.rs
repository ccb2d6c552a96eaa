//! The meaning of individual lines.

use serde_json::json;

use super::*;

/// The id and code of the error reply for a line.
fn refusal(line: &str) -> (Option<String>, i64) {
    match parse(line.as_bytes()) {
        Message::Invalid { id, error } => {
            let code = serde_json::to_value(error).unwrap()["code"]
                .as_i64()
                .unwrap();
            (id.map(|id| (*id).to_owned()), code)
        }
        other => panic!("{line}: {other:?}"),
    }
}

fn refused(code: i64) -> (Option<String>, i64) {
    (None, code)
}

fn refused_under(id: &str, code: i64) -> (Option<String>, i64) {
    (Some(id.to_owned()), code)
}

#[test]
fn what_is_not_json_is_a_parse_error() {
    for line in [
        "{",
        "nonsense",
        "[1,2",
        "{\"id\":1}}",
        "{\"id\":01}",
        "1 2",
        "{\"a\":\"\u{1}\"}",
    ] {
        assert_eq!(refusal(line), refused(-32700), "{line}");
    }
}

#[test]
fn a_request_whose_text_is_broken_is_answered_under_its_id() {
    for (line, id) in [
        (&b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\"}"[..], "1"),
        // An unpaired surrogate in UTF-8 form.
        (
            b"{\"params\":{\"a\":\"\xed\xa0\x80\"},\"jsonrpc\":\"2.0\",\"id\":\"x\",\"method\":\"m\"}",
            "\"x\"",
        ),
        (br#"{"jsonrpc":"2.0","id":7,"method":"m","\ud800":1}"#, "7"),
        (br#"{"\udfff":{"id":8},"jsonrpc":"2.0","id":7,"method":"m"}"#, "7"),
    ] {
        match parse(line) {
            Message::Invalid { id: own, error } => {
                assert_eq!(own.as_deref(), Some(id));
                assert_eq!(serde_json::to_value(error).unwrap()["code"], -32700);
            }
            other => panic!("{other:?}"),
        }
    }
    // Errors without a readable id are sent without one.
    for line in [
        &b"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"\xff\"}"[..],
        b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff",
        b"\xff\xfe{\0\"\0",
    ] {
        assert!(matches!(parse(line), Message::Invalid { id: None, .. }));
    }
}

#[test]
fn half_a_character_in_the_parameters_is_named() {
    let line = r#"{"jsonrpc":"2.0","id":7,"method":"m","params":{"a":"x\ud83dy"}}"#;
    let Message::Invalid { id, error } = parse(line.as_bytes()) else {
        panic!("{line}");
    };
    assert_eq!(id.as_deref(), Some("7"));
    let error = serde_json::to_value(error).unwrap();
    assert_eq!(error["code"], -32602);
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains(r"`\ud83d` is half of a surrogate pair"),
        "{message}"
    );
}

#[test]
fn byte_order_marks_before_a_line_are_skipped() {
    let ping = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
    for marks in ["\u{feff}", "\u{feff}\u{feff}"] {
        let line = format!("{marks}{ping}");
        assert!(
            matches!(parse(line.as_bytes()), Message::Request(_)),
            "{line}"
        );
        let list = format!("{marks}[{ping}]");
        assert_eq!(parse(list.as_bytes()), Message::Batch);
        assert_eq!(batch(list.as_bytes()).unwrap().len(), 1);
        assert_eq!(parse(marks.as_bytes()), Message::Ignored);
    }
}

#[test]
fn json_that_is_no_message_is_an_invalid_request() {
    for line in ["[]", "1", "\"x\"", "null", "{}"] {
        assert_eq!(refusal(line), refused(-32600), "{line}");
    }
    for line in [
        "[\"2.0\",1,\"ping\"]",
        r#" [{"jsonrpc":"2.0","id":1,"method":"ping"}]"#,
    ] {
        assert_eq!(parse(line.as_bytes()), Message::Batch, "{line}");
    }
    let twice = r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}"#;
    assert_eq!(refusal(twice), refused(-32600));
}

#[test]
fn an_invalid_request_is_answered_under_its_id_where_it_has_one() {
    for line in [
        r#"{"id":7,"method":"ping"}"#,
        r#"{"jsonrpc":"1.0","id":7,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":7}"#,
        r#"{"jsonrpc":"2.0","id":7,"method":7}"#,
        r#"{"jsonrpc":"2.0","id":7,"method":"ping","result":{}}"#,
        r#"{"jsonrpc":"2.0","id":7,"method":"ping","error":null}"#,
    ] {
        assert_eq!(refusal(line), refused_under("7", -32600), "{line}");
    }
    for id in ["null", "true", "[1]", "{}"] {
        let line = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping"}}"#);
        assert_eq!(refusal(&line), refused(-32600), "{line}");
    }
}

#[test]
fn parameters_that_cannot_be_read_are_answered_under_the_id() {
    for params in [
        "[]",
        "7",
        r#"{"_meta":[]}"#,
        r#"{"_meta":{"io.modelcontextprotocol/protocolVersion":7}}"#,
        r#"{"text":"\ud83d"}"#,
        r#"{"number":1e999}"#,
    ] {
        let line = format!(r#"{{"jsonrpc":"2.0","id":"a","method":"x","params":{params}}}"#);
        assert_eq!(refusal(&line), refused_under("\"a\"", -32602), "{line}");
    }
}

#[test]
fn a_request_keeps_the_bytes_of_its_id_and_the_order_of_its_parameters() {
    for id in [
        "1",
        "-1",
        "1.0",
        "1e3",
        "9007199254740993",
        "123456789012345678901234567890",
        r#""é""#,
        r#""""#,
    ] {
        let line = format!(
            r#" {{"params":{{"_meta":{{"z":1,"a":2}},"y":1,"b":2}},"method":"tools/\u0063all","id": {id} ,"jsonrpc":"2.0","x":null}}{}"#,
            "\r"
        );
        let Message::Request(request) = parse(line.as_bytes()) else {
            panic!("{line}");
        };
        assert_eq!(&*request.id, id);
        assert_eq!(request.method, "tools/call");
        assert_eq!(json!(request.params).to_string(), r#"{"y":1,"b":2}"#);
        assert_eq!(json!(request.meta).to_string(), r#"{"z":1,"a":2}"#);
    }
}

#[test]
fn absent_and_null_parameters_are_empty() {
    for params in ["", r#","params":null"#, r#","params":{"_meta":null}"#] {
        let line = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"ping"{params}}}"#);
        let Message::Request(request) = parse(line.as_bytes()) else {
            panic!("{line}");
        };
        assert_eq!((request.params.len(), request.meta.len()), (0, 0));
    }
}

#[test]
fn notifications_and_responses_ask_for_nothing() {
    for line in [
        "",
        "  \r",
        r#"{"jsonrpc":"2.0","method":"notifications/cancelled"}"#,
        r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{}}"#,
        r#"{"jsonrpc":"2.0","method":"notifications/unheard-of","params":[]}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":{}}"#,
        r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"m"}}"#,
    ] {
        assert_eq!(parse(line.as_bytes()), Message::Ignored, "{line}");
    }
}

#[test]
fn an_answer_is_known_by_its_id() {
    let id = question_id(7);
    let line = format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{"z":1, "a":2}}}}"#);
    let answered = Message::Answered(7, Ok(r#"{"z":1, "a":2}"#.into()));
    assert_eq!(parse(line.as_bytes()), answered);
    let line = format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{{}}}}"#);
    assert_eq!(
        parse(line.as_bytes()),
        Message::Answered(7, Err("{}".into()))
    );
    for id in [r#""synapse-""#, r#""synapse-x""#, r#""Synapse-7""#, "7"] {
        let line = format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{}}}}"#);
        assert_eq!(parse(line.as_bytes()), Message::Ignored, "{line}");
    }
}

#[test]
fn a_cancellation_names_the_id_as_it_was_sent() {
    let line = br#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"1","reason":"r"}}"#;
    assert_eq!(parse(line), Message::Cancelled("\"1\"".into()));
}

//! One prompt: requests, refusals, and rows.

use synapse_core::chat::{ChatRequest, Image, Message, Part, Role};
use synapse_core::engine::{ChatCall, PreflightCall};
use synapse_core::error::{Code, Failure, Remedy};
use synapse_core::gate::NetworkGate;
use synapse_core::ledger::Outcome;
use synapse_core::preflight::Reach;
use synapse_testkit::ports::MemoryLedger;

use crate::bench::{ask, bench, bench_with, draft, reply};

#[tokio::test]
async fn one_prompt_is_one_send_and_one_row() {
    let bench = bench();
    bench.provider.will_answer(Ok(reply()));
    let outcome = bench.engine.chat(ask("open")).await.unwrap();
    assert_eq!(outcome.result, Ok(reply()));
    assert_eq!(outcome.warnings, []);
    assert_eq!(outcome.receipt.model_served.as_deref(), Some("m-2026"));
    assert_eq!(
        outcome.receipt.usage.completion_tokens, None,
        "unknown stays unknown"
    );
    let expected = ChatRequest::prompt("m".parse().unwrap(), "hi");
    assert_eq!(
        bench.provider.chats(),
        [expected],
        "the prompt sent is the prompt given"
    );
    assert_eq!(bench.secrets.reads(), 1);
    let rows = bench.ledger.entries();
    assert_eq!(rows.len(), 1);
    assert_eq!(
        (rows[0].outcome, &rows[0].receipt),
        (Outcome::Ok, &outcome.receipt)
    );
}

#[tokio::test]
async fn a_closed_gate_reads_no_secret_sends_nothing_and_leaves_a_row() {
    let bench = bench();
    let outcome = bench.engine.chat(ask("closed")).await.unwrap();
    let failure = outcome.result.unwrap_err();
    assert_eq!(failure.code(), Code::GateNetworkDisabled);
    let open = Remedy::OpenGate {
        connection: "closed".parse().unwrap(),
    };
    assert!(
        failure
            .hints()
            .iter()
            .any(|hint| hint.remedy == Some(open.clone()))
    );
    assert_eq!(
        (bench.secrets.reads(), bench.provider.chats().len()),
        (0, 0)
    );
    assert_eq!(outcome.receipt.exchange.attempts, 0);
    let rows = bench.ledger.entries();
    assert_eq!((rows.len(), rows[0].outcome), (1, Outcome::Refused));
    assert_eq!(rows[0].error_code.as_deref(), Some("gate.network-disabled"));

    let report = bench
        .engine
        .preflight(PreflightCall::draft(
            None,
            draft(NetworkGate::Closed),
            Reach::Live,
        ))
        .await;
    assert_eq!(
        report.failure().map(|failure| failure.code()),
        Some(Code::GateNetworkDisabled)
    );
    assert_eq!(
        (bench.secrets.reads(), bench.provider.probe_count()),
        (0, 0)
    );
}

#[tokio::test]
async fn a_failed_send_is_an_error_row_and_a_foreign_token_a_refusal() {
    let bench = bench();
    bench
        .provider
        .will_answer(Err(Failure::new(Code::TransportInterrupted, "broke")));
    let outcome = bench.engine.chat(ask("open")).await.unwrap();
    assert_eq!(
        outcome.result.unwrap_err().code(),
        Code::TransportInterrupted
    );
    assert_eq!(bench.ledger.entries()[0].outcome, Outcome::Error);

    let bench = bench_with("hf_fake", MemoryLedger::new());
    let outcome = bench.engine.chat(ask("open")).await.unwrap();
    assert_eq!(
        outcome.result.unwrap_err().code(),
        Code::CredentialWrongVendor
    );
    assert_eq!(bench.ledger.entries()[0].outcome, Outcome::Refused);
    assert_eq!(bench.provider.chats().len(), 0);
}

#[tokio::test]
async fn what_is_no_call_leaves_no_row() {
    let bench = bench();
    let unknown = bench.engine.chat(ask("nope")).await.unwrap_err();
    assert_eq!(unknown.code(), Code::ConfigNotFound);
    let several = bench
        .engine
        .chat(ChatCall {
            connection: None,
            ..ask("open")
        })
        .await
        .unwrap_err();
    assert_eq!(several.code(), Code::UsageInvalidArguments);
    let empty = ChatCall {
        messages: vec![Message::new(Role::User, "")],
        ..ask("open")
    };
    assert_eq!(
        bench.engine.chat(empty).await.unwrap_err().code(),
        Code::UsageInvalidArguments
    );
    let mut odd = ask("open");
    odd.parameters.temperature = Some(f64::NAN);
    assert_eq!(
        bench.engine.chat(odd).await.unwrap_err().code(),
        Code::UsageInvalidArguments
    );
    let model = ChatCall {
        model: Some("a b".into()),
        ..ask("open")
    };
    assert_eq!(
        bench.engine.chat(model).await.unwrap_err().code(),
        Code::ConfigInvalidValue
    );
    assert_eq!(bench.ledger.entries(), []);
}

#[tokio::test]
async fn a_message_that_the_api_does_not_take_is_refused_by_its_number() {
    let bench = bench();
    let mut call = ask("open");
    call.messages.push(Message::new(Role::Tool, "21 °C"));
    let failure = bench.engine.chat(call).await.unwrap_err();
    assert_eq!(failure.code(), Code::UsageInvalidArguments);
    assert_eq!(failure.message(), "messages[1] cannot be sent");
    assert!(failure.causes()[0].contains("tool_call_id"), "{failure:?}");
    assert_eq!(bench.provider.chats(), []);
    assert_eq!(bench.ledger.entries(), []);
}

#[tokio::test]
async fn what_asks_for_an_answer_is_a_prompt() {
    let image = Image {
        url: "https://example.com/a.png".parse().unwrap(),
        detail: None,
    };
    let system = Message::new(Role::System, "Be brief.");
    for (message, asks) in [
        (Message::parts(Role::User, vec![Part::Image(image)]), true),
        (Message::tool_result("call_1", "21 °C"), true),
        (
            Message::parts(Role::User, vec![Part::Text(String::new())]),
            false,
        ),
        (Message::new(Role::Developer, "Be brief."), false),
    ] {
        let bench = bench();
        bench.provider.will_answer(Ok(reply()));
        let call = ChatCall {
            messages: vec![system.clone(), message],
            ..ask("open")
        };
        assert_eq!(bench.engine.chat(call).await.is_ok(), asks);
        assert_eq!(bench.provider.chats().len(), usize::from(asks));
    }
}

#[tokio::test]
async fn a_ledger_that_cannot_be_written_is_a_warning_and_not_a_failure() {
    let full = Failure::new(Code::StorageDiskFull, "no room");
    let bench = bench_with("fake-token", MemoryLedger::failing(full.clone()));
    bench.provider.will_answer(Ok(reply()));
    let outcome = bench.engine.chat(ask("open")).await.unwrap();
    assert_eq!(outcome.result, Ok(reply()));
    assert_eq!(outcome.warnings, std::slice::from_ref(&full));

    let outcome = bench.engine.chat(ask("closed")).await.unwrap();
    assert_eq!(
        outcome.result.unwrap_err().code(),
        Code::GateNetworkDisabled
    );
    assert_eq!(outcome.warnings, [full]);
}

#[tokio::test]
async fn a_required_ledger_that_cannot_be_written_refuses_the_call() {
    let full = Failure::new(Code::StorageDiskFull, "no room");
    let bench = bench_with("fake-token", MemoryLedger::failing(full).required());
    let outcome = bench.engine.chat(ask("open")).await.unwrap();
    let failure = outcome.result.unwrap_err();
    assert_eq!(failure.code(), Code::StorageDiskFull);
    assert!(
        failure.causes()[0].contains("nothing was sent"),
        "{failure:?}"
    );
    // It determined the result, and is not repeated as a warning.
    assert_eq!(outcome.warnings, []);
    assert_eq!(outcome.receipt.exchange.attempts, 0);
    assert_eq!(bench.provider.chats(), []);
}

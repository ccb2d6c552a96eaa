//! Opening conversations with servers of either era, and with other programs.

use std::time::Duration;

use serde_json::{Value, json};
use synapse_mcp::client::{
    AtProbe, CallError, Caps, Conversation as _, Eras, LineConversation, Negotiation, Unopened,
};
use synapse_mcp::{Era, ProtocolRevision};
use tokio::time::Instant;

use crate::support::{
    START, Server, begin, call, discovered, initialized, introduction, legacy, modern,
};

async fn opened(
    eras: Eras,
    play: impl AsyncFnOnce(&mut Server),
) -> Result<LineConversation, Unopened> {
    let (mut server, opening) = begin(introduction(eras), Caps::default());
    play(&mut server).await;
    let opened = opening.await.unwrap();
    drop(server);
    opened
}

async fn failed(eras: Eras, play: impl AsyncFnOnce(&mut Server)) -> CallError {
    opened(eras, play).await.unwrap_err().error
}

#[tokio::test(start_paused = true)]
async fn a_modern_server_is_asked_once_and_hears_no_initialize() {
    let (mut server, conversation) = modern().await;
    let hello = conversation.hello();
    assert_eq!(hello.revision, ProtocolRevision::V2026_07_28);
    assert_eq!(hello.negotiation, Negotiation::Discovered);
    assert_eq!(hello.server_info["name"], "scripted");
    assert_eq!(hello.instructions.as_deref(), Some("Be kind."));
    assert!(hello.capabilities.contains_key("tools"));
    conversation.close_input();
    assert_eq!(server.hear().await, None);
}

#[tokio::test(start_paused = true)]
async fn any_other_error_leads_to_initialize() {
    for code in [-32601, -32602, -32600, -32000, -32603, 0, 7] {
        let conversation = opened(Eras::Both, async |server| {
            let (id, params) = server.asked("server/discover").await;
            let meta = &params["_meta"];
            assert_eq!(meta["io.modelcontextprotocol/protocolVersion"], "2026-07-28");
            server.refuse(&id, code).await;
            let (id, params) = server.asked("initialize").await;
            let expected = json!({"protocolVersion": "2025-11-25", "capabilities": {"elicitation": {}},
                                  "clientInfo": {"name": "suite", "version": "1"}});
            assert_eq!(params, expected);
            server.answer(&id, initialized("2025-11-25")).await;
            server.asked("notifications/initialized").await;
        })
        .await
        .unwrap();
        let hello = conversation.hello();
        assert_eq!(hello.negotiation, Negotiation::Refused(code));
        assert_eq!(
            hello.negotiation.to_string(),
            format!("server/discover -> {code}")
        );
    }
}

/// A server that gets `initialized` before it has answered loses its conditional tools.
#[tokio::test(start_paused = true)]
async fn initialized_follows_the_answer() {
    opened(Eras::Legacy, async |server| {
        let (id, _) = server.asked("initialize").await;
        tokio::select! {
            message = server.hear() => panic!("{message:?}"),
            () = tokio::time::sleep(START / 2) => {}
        }
        server.answer(&id, initialized("2025-11-25")).await;
        server.asked("notifications/initialized").await;
    })
    .await
    .unwrap();
}

#[tokio::test(start_paused = true)]
async fn every_legacy_revision_is_spoken_and_no_other() {
    for version in [
        "2024-11-05",
        "2025-03-26",
        "2025-06-18",
        "2025-11-25",
        "2026-07-28",
        "2024-01-01",
    ] {
        let outcome = opened(Eras::Legacy, async |server| {
            let (id, _) = server.asked("initialize").await;
            server.answer(&id, initialized(version)).await;
        })
        .await;
        let known = ProtocolRevision::from_name(version).filter(|known| known.era() == Era::Legacy);
        match (outcome, known) {
            (Ok(conversation), Some(known)) => assert_eq!(conversation.hello().revision, known),
            (Err(unopened), None) => {
                assert!(
                    matches!(unopened.error, CallError::Protocol { .. }),
                    "{version}"
                );
            }
            (outcome, _) => panic!("{version}: {outcome:?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_silent_server_is_sent_initialize_too() {
    let began = Instant::now();
    let conversation = opened(Eras::Both, async |server| {
        server.asked("server/discover").await;
        // Without a cancellation, which alone ends some servers.
        let (id, _) = server.asked("initialize").await;
        server.answer(&id, initialized("2025-06-18")).await;
        server.asked("notifications/initialized").await;
    })
    .await
    .unwrap();
    assert_eq!(conversation.hello().negotiation, Negotiation::Silent);
    assert_eq!(began.elapsed().as_secs(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_slow_modern_server_is_spoken_with_in_its_era() {
    let (mut server, opening) = begin(introduction(Eras::Both), Caps::default());
    let (probe, _) = server.asked("server/discover").await;
    let (initialize, _) = server.asked("initialize").await;
    server.answer(&probe, discovered()).await;
    let conversation = opening.await.unwrap().unwrap();
    assert_eq!(conversation.hello().revision.era(), Era::Modern);
    // The late answer to the other request has no effect.
    server.answer(&initialize, initialized("2025-11-25")).await;
    conversation.close_input();
    let cancelled = server.hear().await;
    assert_eq!(cancelled, None, "initialize is never cancelled");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_exits_at_the_probe_is_reported_as_such() {
    let unopened = opened(Eras::Both, async |server| {
        server.asked("server/discover").await;
        server.exit();
    })
    .await
    .unwrap_err();
    assert_eq!(unopened.at_probe, AtProbe::Ended);
    assert!(matches!(unopened.error, CallError::Ended { .. }));

    let unopened = opened(Eras::Legacy, async |server| {
        server.asked("initialize").await;
        server.exit();
    })
    .await
    .unwrap_err();
    assert_eq!(unopened.at_probe, AtProbe::No);
}

#[tokio::test(start_paused = true)]
async fn errors_of_the_modern_era_keep_it() {
    let error = failed(Eras::Both, async |server| {
        let (id, _) = server.asked("server/discover").await;
        server.refuse(&id, -32021).await;
    })
    .await;
    assert!(
        matches!(&error, CallError::Rpc(error) if error.code == -32021),
        "{error:?}"
    );
}

/// Sends a rejection of the version with this data, and returns the result.
async fn unsupported(
    supported: Value,
    play: impl AsyncFnOnce(&mut Server),
) -> Result<LineConversation, Unopened> {
    opened(Eras::Both, async |server| {
        let (id, _) = server.asked("server/discover").await;
        refuse_version(server, &id, supported).await;
        play(server).await;
    })
    .await
}

async fn refuse_version(server: &mut Server, id: &Value, supported: Value) {
    let data = json!({"supported": supported, "requested": "2026-07-28"});
    let error = json!({"code": -32022, "message": "unsupported", "data": data});
    server
        .send(json!({"jsonrpc": "2.0", "id": id, "error": error}))
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_refused_revision_leads_to_one_that_is_supported() {
    let conversation = unsupported(json!(["2025-06-18"]), async |server| {
        let (id, _) = server.asked("initialize").await;
        server.answer(&id, initialized("2025-06-18")).await;
        server.asked("notifications/initialized").await;
    })
    .await
    .unwrap();
    assert_eq!(
        conversation.hello().negotiation,
        Negotiation::Refused(-32022)
    );

    let conversation = unsupported(json!(["2026-07-28"]), async |server| {
        server.open_modern().await;
    })
    .await
    .unwrap();
    assert_eq!(conversation.hello().negotiation, Negotiation::Discovered);

    let again = unsupported(json!(["2026-07-28"]), async |server| {
        for _ in 0..2 {
            let (id, _) = server.asked("server/discover").await;
            refuse_version(server, &id, json!(["2026-07-28"])).await;
        }
    });
    assert!(matches!(
        again.await.unwrap_err().error,
        CallError::Protocol { .. }
    ));

    let none = unsupported(json!(["2030-01-01"]), async |_| {}).await;
    assert!(matches!(none.unwrap_err().error, CallError::Rpc(_)));
}

#[tokio::test(start_paused = true)]
async fn a_pinned_era_is_the_only_one_spoken() {
    let conversation = opened(Eras::Modern, async |server| server.open_modern().await).await;
    assert_eq!(
        conversation.unwrap().hello().negotiation,
        Negotiation::Pinned
    );
    let error = failed(Eras::Modern, async |server| {
        let (id, _) = server.asked("server/discover").await;
        server.refuse(&id, -32601).await;
    })
    .await;
    assert!(matches!(error, CallError::Rpc(error) if error.code == -32601));
}

#[tokio::test(start_paused = true)]
async fn no_answer_at_all_ends_at_the_limit() {
    let began = Instant::now();
    let error = failed(Eras::Both, async |server| {
        server.asked("server/discover").await;
        server.asked("initialize").await;
        assert_eq!(server.hear().await, None);
    })
    .await;
    assert!(matches!(error, CallError::Timeout { .. }), "{error:?}");
    assert!(began.elapsed() <= START, "{:?}", began.elapsed());
}

/// `echo` as a server, or a program that prints a banner and waits.
#[tokio::test(start_paused = true)]
async fn garbage_is_told_from_silence() {
    let error = failed(Eras::Legacy, async |server| {
        server.say("Welcome to this program!").await;
        server.asked("initialize").await;
        server.say("{\"hello\":1}").await;
        assert_eq!(server.hear().await, None);
    })
    .await;
    assert!(matches!(error, CallError::Protocol { .. }), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn garbage_before_the_answer_does_no_harm() {
    let conversation = opened(Eras::Legacy, async |server| {
        server
            .say("listening on stdio…\n\n[1, 2]\nnull\n\"text\"\n{]")
            .await;
        let (id, _) = server.asked("initialize").await;
        server.answer(&id, initialized("2025-11-25")).await;
    });
    assert_eq!(
        conversation.await.unwrap().hello().negotiation,
        Negotiation::Pinned
    );
}

#[tokio::test(start_paused = true)]
async fn each_request_of_the_modern_era_says_who_asks() {
    let (mut server, conversation) = modern().await;
    let mut outgoing = call("t");
    outgoing.meta = crate::support::object(json!({
        "traceparent": "00-1", "vendor/key": 1, "progressToken": "of the IDE",
        "io.modelcontextprotocol/clientInfo": {"name": "the IDE"},
        "io.modelcontextprotocol/logLevel": "debug",
    }));
    outgoing.capabilities = crate::support::object(json!({"sampling": {}}));
    let request = tokio::spawn({
        let conversation = std::sync::Arc::clone(&conversation);
        async move { conversation.request(outgoing).await }
    });
    let (id, params) = server.asked("tools/call").await;
    assert_eq!(
        params["_meta"],
        json!({
            "traceparent": "00-1", "vendor/key": 1,
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": {"name": "suite", "version": "1"},
            "io.modelcontextprotocol/clientCapabilities": {"sampling": {}},
            "io.modelcontextprotocol/logLevel": "debug",
        })
    );
    server.answer(&id, json!({"resultType": "complete"})).await;
    request.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn requests_of_the_legacy_era_say_nothing_of_the_modern_one() {
    let (mut server, conversation) = legacy().await;
    let mut outgoing = call("t");
    outgoing.meta = crate::support::object(json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    }));
    let request = tokio::spawn(async move { conversation.request(outgoing).await });
    let (id, params) = server.asked("tools/call").await;
    assert_eq!(params, json!({"name": "t", "arguments": {}}));
    server.answer(&id, json!({})).await;
    request.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_limit_of_opening_holds_with_everything_in_it() {
    let (mut server, opening) = begin(introduction(Eras::Both), Caps::default());
    let (id, _) = server.asked("server/discover").await;
    tokio::time::sleep(Duration::from_secs(4)).await;
    server.refuse(&id, -32601).await;
    server.asked("initialize").await;
    let began = Instant::now();
    let unopened = opening.await.unwrap().unwrap_err();
    assert!(matches!(unopened.error, CallError::Timeout { .. }));
    assert_eq!(
        began.elapsed(),
        START.checked_sub(Duration::from_secs(4)).unwrap()
    );
}

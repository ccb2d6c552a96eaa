//! Runs the real use cases on the in-memory ports: create, chat, refusal, history and usage.

#[cfg(test)]
mod stories {
    use std::sync::Arc;
    use std::time::Duration;

    use synapse_core::chat::{ChatReply, Message, Role, Usage};
    use synapse_core::connection::Draft;
    use synapse_core::engine::ChatCall;
    use synapse_core::ledger::{Column, Filter, HistoryQuery, Outcome, UsageKey, UsageQuery};
    use synapse_core::preflight::Reach;
    use synapse_core::{Code, Engine, Failure, NetworkGate, Origin, Ports};
    use synapse_testkit::ports::{
        FixedClock, FixedSecret, MemoryConnections, MemoryLedger, MemoryPrices, SequentialCallIds,
        StubProvider, StubProviders,
    };

    struct Bench {
        engine: Engine,
        provider: Arc<StubProvider>,
        secrets: Arc<FixedSecret>,
        ledger: Arc<MemoryLedger>,
        clock: Arc<FixedClock>,
    }

    fn bench_with(ledger: MemoryLedger) -> Bench {
        let base = "https://api.openai.com/v1".parse().unwrap();
        let provider = Arc::new(StubProvider::new(vec![Origin::of(&base)]));
        let secrets = Arc::new(FixedSecret::new("sk-fake"));
        let ledger = Arc::new(ledger);
        let clock = Arc::new(FixedClock::default());
        let engine = Engine::new(Ports {
            connections: Arc::new(MemoryConnections::new()),
            providers: Arc::new(StubProviders::new(Arc::clone(&provider))),
            secrets: secrets.clone(),
            ledger: ledger.clone(),
            reader: ledger.clone(),
            prices: Arc::new(MemoryPrices::new()),
            clock: clock.clone(),
            call_ids: Arc::new(SequentialCallIds::new()),
            observers: synapse_core::ports::CallObservers::default(),
        });
        Bench {
            engine,
            provider,
            secrets,
            ledger,
            clock,
        }
    }

    fn bench() -> Bench {
        bench_with(MemoryLedger::new())
    }

    fn draft(gate: NetworkGate) -> Draft {
        Draft {
            provider: "openai".to_owned(),
            model: "gpt-fake".to_owned(),
            credential: Some("env:KEY".to_owned()),
            gate,
            ..Draft::default()
        }
    }

    fn call() -> ChatCall {
        ChatCall {
            messages: vec![Message::new(Role::User, "ping")],
            ..ChatCall::default()
        }
    }

    fn reply() -> ChatReply {
        ChatReply {
            content: Some("pong".to_owned()),
            model: Some("gpt-fake-2026-11-20".to_owned()),
            usage: Usage {
                prompt_tokens: Some(3),
                completion_tokens: Some(2),
                ..Usage::default()
            },
            ..ChatReply::default()
        }
    }

    async fn create(bench: &Bench, gate: NetworkGate, reach: Reach) -> Result<(), Failure> {
        let name = "work".parse().unwrap();
        let saved = bench.engine.create(name, draft(gate), reach).await.unwrap();
        saved.result
    }

    #[tokio::test]
    async fn a_created_connection_chats_and_leaves_its_row() {
        let bench = bench();
        create(&bench, NetworkGate::Open, Reach::Free)
            .await
            .unwrap();
        assert_eq!(
            (bench.provider.probe_count(), bench.secrets.reads()),
            (1, 1)
        );

        bench.provider.will_answer(Ok(reply()));
        bench.clock.advance(Duration::from_secs(1));
        let outcome = bench.engine.chat(call()).await.unwrap();
        assert_eq!(outcome.result.unwrap().content.as_deref(), Some("pong"));
        assert_eq!(outcome.receipt.call_id, SequentialCallIds::id(1));
        assert_eq!(
            (bench.provider.chats().len(), bench.secrets.reads()),
            (1, 2)
        );

        let rows = bench.ledger.entries();
        assert_eq!((rows.len(), rows[0].outcome), (1, Outcome::Ok));
        assert_eq!(rows[0].receipt, outcome.receipt);
        assert_eq!(rows[0].started_at.to_string(), "2026-11-20T12:00:01.000Z");
    }

    #[tokio::test]
    async fn a_closed_gate_means_no_secret_read_and_no_chat() {
        let bench = bench();
        create(&bench, NetworkGate::Closed, Reach::Offline)
            .await
            .unwrap();
        let outcome = bench.engine.chat(call()).await.unwrap();
        assert_eq!(
            outcome.result.unwrap_err().code(),
            Code::GateNetworkDisabled
        );
        assert_eq!(
            (bench.secrets.reads(), bench.provider.chats().len()),
            (0, 0)
        );
        assert_eq!(bench.ledger.entries()[0].outcome, Outcome::Refused);
    }

    #[tokio::test]
    async fn what_preflight_fails_is_not_saved() {
        let bench = bench();
        bench
            .provider
            .will_fail_probes(Failure::new(Code::TransportDns, "no such host"));
        let failure = create(&bench, NetworkGate::Open, Reach::Free)
            .await
            .unwrap_err();
        assert_eq!(failure.code(), Code::TransportDns);
        assert!(bench.engine.connections().unwrap().is_empty());
    }

    #[tokio::test]
    async fn history_pages_and_usage_sums() {
        let bench = bench();
        create(&bench, NetworkGate::Open, Reach::Free)
            .await
            .unwrap();
        bench.provider.will_answer(Ok(reply()));
        bench.provider.will_answer(Ok(ChatReply::default()));
        bench
            .provider
            .will_answer(Err(Failure::new(Code::ProviderFailed, "it failed")));
        for _ in 0..3 {
            bench.engine.chat(call()).await.unwrap();
        }
        let page = |after| HistoryQuery {
            filters: vec![Filter::is(Column::Connection, "work")],
            after,
            ..HistoryQuery::newest(2)
        };
        let ids = |rows: Vec<synapse_core::ledger::Entry>| -> Vec<_> {
            rows.into_iter().map(|row| row.receipt.call_id).collect()
        };
        let id = SequentialCallIds::id;
        assert_eq!(
            ids(bench.engine.history(page(None)).await.unwrap()),
            [id(3), id(2)]
        );
        assert_eq!(
            ids(bench.engine.history(page(Some(id(2)))).await.unwrap()),
            [id(1)]
        );

        let by_day = UsageQuery::by(UsageKey::Day);
        let lines = bench.engine.usage(by_day).await.unwrap().lines;
        assert_eq!((lines.len(), lines[0].key.as_str()), (1, "2026-11-20"));
        let line = &lines[0];
        assert_eq!(
            (line.calls, line.ok, line.failed, line.refused),
            (3, 2, 1, 0)
        );
        // The failed call was certainly not billed, so its cost is known.
        assert_eq!(
            (line.prompt_tokens, line.unknown_tokens, line.unknown_cost),
            (3, 1, 2)
        );
    }

    #[tokio::test]
    async fn a_ledger_that_cannot_be_written_is_a_warning() {
        let full = Failure::new(Code::StorageDiskFull, "no room");
        let bench = bench_with(MemoryLedger::failing(full.clone()));
        create(&bench, NetworkGate::Open, Reach::Free)
            .await
            .unwrap();
        bench.provider.will_answer(Ok(reply()));
        let outcome = bench.engine.chat(call()).await.unwrap();
        assert!(outcome.result.is_ok());
        assert_eq!(outcome.warnings, [full]);
    }
}

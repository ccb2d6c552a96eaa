//! The contract of every `ConnectionStore`.

use synapse_core::limits::DraftLimits;
use synapse_core::ports::ConnectionStore;
use synapse_core::{Code, Draft, NetworkGate};

use crate::support::{cleared, draft};

/// Runs the contract on an empty store.
pub(crate) fn connection_store_story(store: &dyn ConnectionStore) {
    let names = || -> Vec<String> {
        let all = store.load().unwrap();
        all.iter().map(|each| each.name.to_string()).collect()
    };
    let drafts = || -> Vec<Draft> {
        let all = store.load().unwrap();
        all.into_iter().map(|each| each.draft).collect()
    };
    let name = |text: &str| text.parse().unwrap();
    assert_eq!(names(), [""; 0]);

    let hf = draft();
    let openai = Draft {
        provider: "openai".into(),
        model: "gpt-5.6-terra".into(),
        max_tokens: Some(512),
        credential: Some("env:OPENAI_API_KEY".into()),
        base_url: Some("https://127.0.0.1:8080/v1".into()),
        gate: NetworkGate::Closed,
        timeout_seconds: Some(30),
        organization: Some("org-1".into()),
        project: Some("proj_1".into()),
        bill_to: None,
        proxy: Some("http://127.0.0.1:3128".into()),
        allow_plain_http: true,
        limits: DraftLimits {
            tokens_per_day: Some(100_000),
            usd_per_month: Some("2.50".into()),
            mode: Some("warn".into()),
            strict: Some(true),
            ..DraftLimits::default()
        },
        record_text: true,
    };
    store.insert(&cleared("hf", hf.clone())).unwrap();
    store
        .insert(&cleared("work.openai", openai.clone()))
        .unwrap();
    assert_eq!(names(), ["hf", "work.openai"]);
    assert_eq!(drafts(), [hf.clone(), openai.clone()]);
    let stored = store.load().unwrap();
    let saved = cleared("work.openai", openai.clone());
    assert_eq!(stored[1].connection.as_ref(), Ok(saved.connection()));
    assert_eq!(stored[1].preflight.as_ref(), Some(saved.record()));

    let taken = store.insert(&cleared("hf", openai.clone())).unwrap_err();
    assert_eq!(taken.code(), Code::ConfigDuplicateName);

    let smaller = Draft {
        base_url: None,
        organization: None,
        project: None,
        proxy: None,
        allow_plain_http: false,
        timeout_seconds: None,
        gate: NetworkGate::Open,
        limits: DraftLimits::default(),
        record_text: false,
        ..openai.clone()
    };
    let change = cleared("work.openai", smaller.clone());
    store.replace(&openai, &change).unwrap();
    assert_eq!(drafts(), [hf.clone(), smaller]);
    let stale = store.replace(&openai, &change).unwrap_err();
    assert_eq!(stale.code(), Code::ConfigChanged);
    let absent = store
        .replace(&hf, &cleared("other", hf.clone()))
        .unwrap_err();
    assert_eq!(absent.code(), Code::ConfigNotFound);

    let absent = store.remove(&name("other")).unwrap_err();
    assert_eq!(absent.code(), Code::ConfigNotFound);
    store.remove(&name("hf")).unwrap();
    assert_eq!(names(), ["work.openai"]);
    store.insert(&cleared("hf", hf)).unwrap();
    assert_eq!(names(), ["work.openai", "hf"]);
    store.remove(&name("work.openai")).unwrap();
    store.remove(&name("hf")).unwrap();
    assert_eq!(names(), [""; 0]);
}

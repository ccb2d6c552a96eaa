//! Lists of several pages.

use serde_json::{Value, json};
use synapse_mcp::client::{CallError, ListCaps, Outgoing, list_all};

use crate::support::{AMPLE, legacy};

/// Collects a list with these pages; also returns the cursors sent.
async fn collected(
    pages: Vec<Value>,
    caps: ListCaps,
) -> (Result<Vec<Value>, CallError>, Vec<Value>) {
    let (mut server, conversation) = legacy().await;
    let list = list_all(
        &*conversation,
        Outgoing::within("tools/list", AMPLE),
        "tools",
        caps,
    );
    let mut cursors = Vec::new();
    let play = async {
        for page in pages {
            let (id, params) = server.asked("tools/list").await;
            cursors.push(params["cursor"].clone());
            server.answer(&id, page).await;
        }
    };
    let (list, ()) = tokio::join!(list, play);
    (list, cursors)
}

#[tokio::test(start_paused = true)]
async fn all_pages_are_collected_in_order() {
    let pages = vec![
        json!({"tools": [1, 2], "nextCursor": "p2"}),
        json!({"tools": [], "nextCursor": ""}),
        json!({"tools": [3], "nextCursor": null}),
    ];
    let (list, cursors) = collected(pages, ListCaps::default()).await;
    assert_eq!(list.unwrap(), [json!(1), json!(2), json!(3)]);
    assert_eq!(cursors, [Value::Null, json!("p2"), json!("")]);
}

#[tokio::test(start_paused = true)]
async fn a_list_that_is_none_is_refused() {
    for pages in [
        vec![json!({})],
        vec![json!({"tools": {}})],
        vec![json!({"tools": [], "nextCursor": 3})],
        vec![
            json!({"tools": [], "nextCursor": "a"}),
            json!({"tools": [], "nextCursor": "a"}),
        ],
    ] {
        let (list, _) = collected(pages.clone(), ListCaps::default()).await;
        assert!(
            matches!(list, Err(CallError::Protocol { .. })),
            "{pages:?}: {list:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn each_cap_of_a_list_is_held() {
    let caps = ListCaps {
        pages: 2,
        items: 3,
        bytes: 20,
    };
    let more = |cursor: &str| json!({"tools": [1], "nextCursor": cursor});
    for (pages, expected) in [
        (vec![more("a"), more("b")], "pages"),
        (vec![json!({"tools": [1, 2, 3, 4]})], "items"),
        (
            vec![json!({"tools": ["twenty bytes and more"]})],
            "bytes of list",
        ),
    ] {
        let (list, _) = collected(pages, caps).await;
        assert!(
            matches!(list, Err(CallError::TooLarge { unit, .. }) if unit == expected),
            "{list:?}"
        );
    }
    let (list, _) = collected(vec![json!({"tools": [1, 2, 3]})], caps).await;
    assert_eq!(list.unwrap().len(), 3);
}

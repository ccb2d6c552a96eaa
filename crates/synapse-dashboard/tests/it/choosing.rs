//! Choosing a model from the provider's list, in the form of a connection.

use synapse_core::provider::models::ListedModel;

use crate::bench::{Answer, Bench, Session};

const FORM: &str = "name=&provider=openai&model=&credential=file%3A%2Fx&network=on&do=models";

fn model(id: &str) -> ListedModel {
    ListedModel {
        id: id.to_owned(),
        ..ListedModel::default()
    }
}

/// The page that a redirect leads to.
async fn follow(bench: &Bench, session: &Session, answer: &Answer) -> Answer {
    let place = answer.header("location").unwrap();
    let page = place.strip_prefix(&session.base).unwrap();
    bench.get(session, page).await
}

#[tokio::test]
async fn one_request_brings_the_form_back_with_the_models_to_choose_from() {
    let bench = Bench::new().await;
    let session = bench.enter().await;
    bench
        .provider
        .will_list_models(vec![model("gpt-x"), model("gpt-\u{202e}y"), model("<b>")]);
    let listed = bench.post(&session, "connections", FORM).await;
    assert_eq!(listed.status, 303);
    assert_eq!(bench.provider.lists(), 1);
    let page = follow(&bench, &session, &listed).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("name=\"listed\""), "{}", page.body);
    assert!(page.body.contains("<option value=\"gpt-x\">"));
    assert!(page.body.contains("<option value=\"&lt;b&gt;\">"));
    assert!(!page.body.contains('\u{202e}'), "nobody can type it");
    assert!(
        page.body.contains("value=\"file:/x\""),
        "the form is filled in"
    );
    assert!(page.body.contains("3 models"));
    assert_eq!(bench.provider.lists(), 1, "a reload asks nobody");
    assert!(bench.provider.chats().is_empty());
}

#[tokio::test]
async fn a_model_of_the_list_counts_whatever_is_in_the_field_and_the_list_is_whole() {
    let bench = Bench::new().await;
    let session = bench.enter().await;
    let models = ["gpt-x", "gpt-x-mini", "other"].map(model);
    bench.provider.will_list_models(models.to_vec());
    let options = async |typed: &str| {
        let form = FORM.replace("model=", &format!("model={typed}"));
        let listed = bench.post(&session, "connections", &form).await;
        let page = follow(&bench, &session, &listed).await.body;
        page.matches("<option value=\"gpt-x").count()
            + page.matches("<option value=\"other").count()
    };
    // Part of an id narrows the list; a whole one is to be replaced.
    assert_eq!(options("mini").await, 1);
    assert_eq!(options("gpt-x").await, 3);
    assert_eq!(options("").await, 3);
    let form = FORM
        .replace("name=", "name=fresh")
        .replace("do=models", "do=save-offline");
    let form = form.replace("model=", "model=other&listed=gpt-x-mini");
    let saved = bench.post(&session, "connections", &form).await;
    follow(&bench, &session, &saved).await;
    let page = bench.get(&session, "connections?show=fresh").await.body;
    assert!(page.contains("gpt-x-mini"), "{page}");
}

#[tokio::test]
async fn the_form_of_an_edit_keeps_its_digest_while_a_model_is_chosen() {
    let bench = Bench::new().await;
    let session = bench.enter().await;
    bench.provider.will_list_models(vec![model("gpt-x")]);
    let form = FORM.replace("name=", "name=open&editing=open&digest=shown");
    let listed = bench.post(&session, "connections", &form).await;
    assert!(listed.header("location").unwrap().contains("/open/edit?"));
    let page = follow(&bench, &session, &listed).await.body;
    assert!(page.contains("name=\"digest\" value=\"shown\""), "{page}");
    let id = listed.header("location").unwrap().split_once("models=");
    let elsewhere = format!("connections/new?models={}", id.unwrap().1);
    let other = bench.get(&session, &elsewhere).await.body;
    assert!(!other.contains("shown"), "it is the form of one connection");
}

#[tokio::test]
async fn a_closed_gate_lists_nothing_and_reads_no_key() {
    let bench = Bench::new().await;
    let session = bench.enter().await;
    let form = FORM.replace("&network=on", "");
    let refused = bench.post(&session, "connections", &form).await;
    assert_eq!(refused.status, 422);
    assert!(refused.body.contains("gate.network-disabled"));
    assert!(
        refused.body.contains("href=\"#network\""),
        "{}",
        refused.body
    );
    assert_eq!((bench.provider.lists(), bench.secrets.reads()), (0, 0));
}

#[tokio::test]
async fn a_key_in_place_of_its_reference_is_neither_sent_nor_shown() {
    let bench = Bench::new().await;
    let session = bench.enter().await;
    let key = format!("sk-{}", "A1b2C3d4".repeat(5));
    let form = FORM.replace("file%3A%2Fx", &key);
    let refused = bench.post(&session, "connections", &form).await;
    assert_eq!(refused.status, 422);
    assert!(!refused.body.contains(&key));
    assert_eq!((bench.provider.lists(), bench.secrets.reads()), (0, 0));
}

/// Also while the list box of another provider is selected, because a page has no script.
#[tokio::test]
async fn the_form_names_the_host_of_each_provider_before_anything_is_sent() {
    let bench = Bench::new().await;
    let session = bench.enter().await;
    let page = bench.get(&session, "connections/new").await.body;
    for (provider, host) in [
        ("openai", "api.openai.com"),
        ("anthropic", "api.anthropic.com"),
        ("huggingface", "router.huggingface.co"),
    ] {
        let (_, option) = page.split_once(&format!("value=\"{provider}\"")).unwrap();
        let option = option.split_once("</option>").unwrap().0;
        assert!(option.contains(host), "{option}");
    }
}

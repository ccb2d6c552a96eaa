//! Prices are stored by origin, model and sub-provider, replaced as a whole, and never invented.

use synapse_core::money::{Price, PriceKey, PriceList, Rates, SeenPrice};
use synapse_core::ports::PriceStore;
use synapse_core::time::Timestamp;
use synapse_core::{BaseUrl, Origin};
use synapse_store::SqlitePrices;
use synapse_testkit::disk::{mode, names};

use crate::support::{NOON, home};

fn origin(url: &str) -> Origin {
    url.parse::<BaseUrl>().unwrap().origin()
}

fn key(model: &str, sub_provider: &str) -> PriceKey {
    PriceKey {
        origin: origin("https://router.huggingface.co/v1"),
        model: model.into(),
        sub_provider: sub_provider.into(),
    }
}

fn rates(input: &str) -> Rates {
    Rates {
        input: Price::per_million(input),
        output: Price::per_million("3.38"),
        ..Rates::default()
    }
}

fn seen(key: &PriceKey, rates: Rates) -> SeenPrice {
    SeenPrice {
        key: key.clone(),
        rates,
    }
}

/// The contract of every `PriceStore`.
async fn price_store_story(store: &dyn PriceStore) {
    let (novita, groq, other) = (
        key("a/m", "novita"),
        key("a/m", "groq"),
        key("b/n", "novita"),
    );
    assert_eq!(store.find(&novita).await, Ok(None));
    let first = Timestamp::from_millis(NOON);
    let prices = vec![
        seen(&novita, rates("1.69")),
        seen(&groq, Rates::default()),
        seen(&other, Rates::FREE),
    ];
    store.keep(first, prices).await.unwrap();
    let list = |rates, at| Ok(Some(PriceList::flat(rates, at)));
    assert_eq!(store.find(&novita).await, list(rates("1.69"), first));
    assert_eq!(store.find(&groq).await, list(Rates::default(), first));
    assert_eq!(store.find(&other).await, list(Rates::FREE, first));
    let elsewhere = PriceKey {
        origin: origin("http://127.0.0.1:9/v1"),
        ..novita.clone()
    };
    assert_eq!(store.find(&elsewhere).await, Ok(None));

    // A sub-provider no longer listed loses its price; other models are unaffected.
    let later = Timestamp::from_millis(NOON + 1);
    store
        .keep(later, vec![seen(&novita, rates("2"))])
        .await
        .unwrap();
    assert_eq!(store.find(&novita).await, list(rates("2"), later));
    assert_eq!(store.find(&groq).await, Ok(None));
    assert_eq!(store.find(&other).await, list(Rates::FREE, first));
}

#[tokio::test]
async fn the_story_holds() {
    let (_directory, home) = home();
    price_store_story(&SqlitePrices::new(home.clone())).await;
    assert_eq!(mode(&home.ledger()), 0o600);
}

#[tokio::test]
async fn looking_for_a_price_creates_nothing() {
    let (directory, home) = home();
    let found = SqlitePrices::new(home).find(&key("a/m", "novita")).await;
    assert_eq!((found, names(directory.path())), (Ok(None), vec![]));
}

//! The example of this crate, on a missing home.

#[expect(dead_code, reason = "its `main` reads arguments")]
#[path = "../../examples/spending.rs"]
mod spending;

#[tokio::test]
async fn the_example_finds_nothing_and_makes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let home = directory.path().join("home");
    let lines = spending::spending(home.clone()).await.unwrap();
    assert_eq!(lines, [""; 0]);
    assert!(!home.exists());
}

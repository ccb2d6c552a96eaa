//! Invalid base URLs: each rule refuses before any socket is opened, and suggests the probable URL.

use insta::assert_snapshot;
use synapse_tests::{Flags, Home};

use super::TWIN;

#[test]
fn each_rule_says_what_to_write_instead() {
    let home = Home::new(TWIN);
    let credential = home.credential("sk-fake");
    let mut shown = String::new();
    for url in [
        "api.openai.com/v1",
        "ftp://api.openai.com/v1",
        "http://api.openai.com/v1",
        "https://user:hunter2@api.openai.com/v1",
        "https://api.openai.com/v1?key=hunter2",
        "https://api.openai.com/v1#hunter2",
        "https://api.openai.com",
        "https://api.openai.com/v1/chat/completions",
        "https://api.openai.com/v1/models/",
        "https://api.openai.com/v1/v1",
        "https://huggingface.co/v1",
        "https://api-inference.huggingface.co/models",
    ] {
        let flags = Flags::new("openai", "m", &credential, url);
        let output = home.create("work", &flags, &["--allow-network"]);
        assert_eq!(output.code, 6, "{output}");
        assert_eq!(output.stdout, "not saved\n", "{output}");
        assert!(!output.to_string().contains("hunter2"), "{output}");
        shown.push_str(&format!("{url}\n{}", output.stderr));
    }
    assert_snapshot!(shown, @"
    api.openai.com/v1
    error[endpoint.invalid-url]: the base URL has no scheme
      hint: write it whole: https://api.openai.com/v1
    ftp://api.openai.com/v1
    error[endpoint.invalid-url]: the scheme `ftp` is not supported
      hint: use https, or http for a loopback address
    http://api.openai.com/v1
    error[endpoint.invalid-url]: plain http would send everything unencrypted
      hint: use https://api.openai.com/v1
      hint: http is taken for loopback addresses only
    https://user:hunter2@api.openai.com/v1
    error[endpoint.invalid-url]: the base URL contains a user name or password
      hint: remove it; the credential reference is the one place for a secret
    https://api.openai.com/v1?key=hunter2
    error[endpoint.invalid-url]: the base URL has a query or a fragment
      hint: remove everything from `?` or `#` on
    https://api.openai.com/v1#hunter2
    error[endpoint.invalid-url]: the base URL has a query or a fragment
      hint: remove everything from `?` or `#` on
    https://api.openai.com
    error[endpoint.path-mismatch]: the base URL has no path
      hint: most APIs live under /v1: use https://api.openai.com/v1
    https://api.openai.com/v1/chat/completions
    error[endpoint.path-mismatch]: the base URL already names an endpoint
      hint: give the base only: https://api.openai.com/v1
    https://api.openai.com/v1/models/
    error[endpoint.path-mismatch]: the base URL already names an endpoint
      hint: give the base only: https://api.openai.com/v1
    https://api.openai.com/v1/v1
    error[endpoint.path-mismatch]: the base URL repeats a part of its path
      hint: use https://api.openai.com/v1
    https://huggingface.co/v1
    error[endpoint.path-mismatch]: huggingface.co is the web site and not the inference router
      hint: use https://router.huggingface.co/v1
    https://api-inference.huggingface.co/models
    error[endpoint.gone]: api-inference.huggingface.co was retired
      hint: use https://router.huggingface.co/v1
    ");
    assert!(!home.synapse().exists());
}

#[test]
fn the_whole_output_of_one() {
    let home = Home::new(TWIN);
    let credential = home.credential("sk-fake");
    let flags = Flags::new("openai", "m", &credential, "https://api.openai.com");
    let output = home.create("work", &flags, &["--allow-network"]);
    assert_snapshot!(home.shown(&output), @"
    exit code: 6
    ----- stdout
    not saved
    ----- stderr
    error[endpoint.path-mismatch]: the base URL has no path
      hint: most APIs live under /v1: use https://api.openai.com/v1
    ");
}

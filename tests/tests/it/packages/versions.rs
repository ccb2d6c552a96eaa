//! All packages and files agree on one version.

use std::ffi::OsStr;

use serde_json::Value;
use synapse_tests::Home;
use synapse_tests::process::Run;
use synapse_tests::third_party::{MCPB, NODE, RELEASE, installed};

use super::{Workshop, dpkg, script, with_node};
use crate::TWIN;

#[test]
fn every_package_has_the_version_of_the_program() {
    let workshop = Workshop::new();
    let home = workshop.directory("home");
    let small = script(workshop.path());
    let version = env!("CARGO_PKG_VERSION");
    let said = Home::new(TWIN).run(["--version"]).with_code(0).stdout;
    assert_eq!(said, format!("synapse {version}\n"));

    for package in workshop.pack::<2>(&small, "npm") {
        let words = ["-xzOf", package.to_str().unwrap(), "package/package.json"];
        let tar = Run::new(std::path::Path::new("/usr/bin/tar"), words);
        let manifest = tar
            .env("PATH", "/usr/bin:/bin")
            .output()
            .with_code(0)
            .json();
        assert_eq!(manifest["version"], version, "{manifest}");
        let others = manifest["optionalDependencies"]
            .as_object()
            .into_iter()
            .flatten();
        assert!(
            others
                .map(|(_, wanted)| wanted)
                .all(|wanted| wanted == version),
            "{manifest}"
        );
    }

    let [wheel] = workshop.pack(&small, "wheel");
    let name = wheel.file_name().unwrap().to_str().unwrap();
    assert!(
        name.starts_with(&format!("synapse_runtime-{version}-py3-none-")),
        "{name}"
    );

    let [bundle] = workshop.pack(&small, "mcpb");
    let unpacked = workshop.path().join("bundle");
    let mcpb = installed(MCPB);
    let words = [
        mcpb.as_os_str(),
        OsStr::new("unpack"),
        bundle.as_os_str(),
        unpacked.as_os_str(),
    ];
    with_node(Run::new(&installed(NODE), words), &home)
        .output()
        .with_code(0);
    let manifest = std::fs::read_to_string(unpacked.join("manifest.json")).unwrap();
    let manifest: Value = serde_json::from_str(&manifest).unwrap();
    assert_eq!(manifest["version"], version);

    let [package] = workshop.pack(&small, "deb");
    let words = [
        OsStr::new("--field"),
        package.as_os_str(),
        OsStr::new("Version"),
    ];
    assert_eq!(dpkg(words).output().with_code(0).stdout.trim(), version);

    let [server] = workshop.pack(&small, "registry");
    let server = std::fs::read_to_string(server).unwrap();
    let server: Value = serde_json::from_str(&server).unwrap();
    assert_eq!(server["version"], version);
    let packages = server["packages"].as_array().unwrap();
    let kinds: Vec<_> = packages
        .iter()
        .map(|package| &package["registryType"])
        .collect();
    assert_eq!(kinds, ["npm", "pypi", "mcpb"]);
    for package in packages {
        let address = package["identifier"].as_str().unwrap();
        let named = package["version"] == version;
        assert!(
            named || address.contains(&format!("/v{version}/")),
            "{package}"
        );
    }

    // And the tag that `dist` expects.
    let dist = Run::new(&installed(RELEASE).join("dist"), crate::release::PLAN);
    let planned = crate::release::at_the_root(dist)
        .output()
        .with_code(0)
        .json();
    assert_eq!(planned["announcement_tag"], format!("v{version}"));
}

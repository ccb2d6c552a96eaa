//! Transitive dependencies: a clean manifest proves little when an indirect dependency pulls in a
//! runtime.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use cargo_metadata::{DependencyKind, Metadata};

/// Forbidden for synapse-core, directly or transitively: runtimes, sockets, storage.
const FORBIDDEN: &[&str] = &[
    "tokio",
    "async-std",
    "smol",
    "mio",
    "socket2",
    "hyper",
    "reqwest",
    "ureq",
    "rustls",
    "rusqlite",
    "rmcp",
];

/// Returns a dependency chain for each forbidden package a crate reaches.
pub(super) fn forbidden(metadata: &Metadata, from: &str) -> Vec<Vec<String>> {
    let graph = graph(metadata);
    FORBIDDEN
        .iter()
        .filter_map(|to| route(&graph, from, to))
        .collect()
}

/// Normal dependencies by package name, over the resolved tree.
type Graph = BTreeMap<String, BTreeSet<String>>;

fn graph(metadata: &Metadata) -> Graph {
    let names: BTreeMap<_, _> = metadata
        .packages
        .iter()
        .map(|package| (&package.id, package.name.to_string()))
        .collect();
    let mut graph = Graph::new();
    for node in metadata.resolve.iter().flat_map(|resolve| &resolve.nodes) {
        let Some(name) = names.get(&node.id) else {
            continue;
        };
        let edges = graph.entry(name.clone()).or_default();
        for dependency in &node.deps {
            let normal = dependency
                .dep_kinds
                .iter()
                .any(|kind| kind.kind == DependencyKind::Normal);
            if let (true, Some(target)) = (normal, names.get(&dependency.pkg)) {
                edges.insert(target.clone());
            }
        }
    }
    graph
}

/// Returns the shortest dependency chain between two packages.
fn route(graph: &Graph, from: &str, to: &str) -> Option<Vec<String>> {
    let mut routes = VecDeque::from([vec![from.to_owned()]]);
    let mut seen = BTreeSet::from([from.to_owned()]);
    while let Some(route) = routes.pop_front() {
        let last = route.last().map(String::as_str).unwrap_or_default();
        if last == to {
            return Some(route);
        }
        for next in graph.get(last).into_iter().flatten() {
            if seen.insert(next.clone()) {
                let mut longer = route.clone();
                longer.push(next.clone());
                routes.push_back(longer);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_core_reaches_is_found_through_others() {
        let edge = |from: &str, to: &str| (from.to_owned(), BTreeSet::from([to.to_owned()]));
        let graph = Graph::from([
            edge("synapse-core", "a"),
            edge("a", "b"),
            edge("b", "tokio"),
        ]);
        let found = route(&graph, "synapse-core", "tokio");
        assert_eq!(
            found.unwrap_or_default(),
            ["synapse-core", "a", "b", "tokio"]
        );
        assert_eq!(route(&graph, "synapse-core", "rmcp"), None);
    }
}

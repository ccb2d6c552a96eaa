//! The modules of a crate form no circle: of the children of one module, none leads back to itself
//! through the others. A parent and its children are one room: the parent dispatches to them, and they
//! use its types.
//!
//! An arrow is an import or a path from one file to another, to the file where the thing is, not to
//! one that re-exports it. Tests are left out.

mod imports;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use self::imports::{Named, named};
use crate::repository::TextFile;
use crate::violation::Violation;

/// Finds the circles among the modules of every crate.
pub(crate) fn check(files: &[TextFile]) -> Vec<Violation> {
    let mut crates: BTreeMap<&str, Vec<&TextFile>> = BTreeMap::new();
    for file in files {
        if let Some((name, _)) = place(&file.path) {
            crates.entry(name).or_default().push(file);
        }
    }
    let checked = crates
        .values()
        .flat_map(|files| circles(&Modules::of(files)));
    checked.collect()
}

/// The name of the crate and the module that a file is, if it is one of a library.
fn place(path: &str) -> Option<(&str, Vec<&str>)> {
    let path = path.strip_prefix("crates/").unwrap_or(path);
    let (name, inside) = path.split_once("/src/")?;
    let mut module: Vec<&str> = inside.strip_suffix(".rs")?.split('/').collect();
    if matches!(module.last(), Some(&"mod" | &"lib")) {
        module.pop();
    }
    let is_apart = module == ["main"] || module.first() == Some(&"bin");
    let is_for_tests = ["tests", "any_bytes"]
        .iter()
        .any(|name| module.contains(name));
    (!name.contains('/') && !is_apart && !is_for_tests).then_some((name, module))
}

/// The modules of one crate by their paths, such as `ledger::rows`.
struct Modules<'a>(BTreeMap<String, Module<'a>>);

struct Module<'a> {
    /// The file.
    path: &'a str,
    named: Vec<Named>,
}

/// An arrow between two children of one module, with the place that it comes from.
#[derive(Debug)]
struct Arrow<'a> {
    from: String,
    to: String,
    path: &'a str,
    line: usize,
}

impl<'a> Modules<'a> {
    fn of(files: &[&'a TextFile]) -> Self {
        let places: Vec<(Vec<&str>, &TextFile)> = files
            .iter()
            .filter_map(|file| Some((place(&file.path)?.1, *file)))
            .collect();
        let modules = places.iter().map(|(module, file)| {
            let children: Vec<&str> = places
                .iter()
                .filter(|(other, _)| other.len() == module.len() + 1 && other.starts_with(module))
                .filter_map(|(other, _)| other.last().copied())
                .collect();
            let found = Module {
                path: &file.path,
                named: named(&file.text, &children),
            };
            (module.join("::"), found)
        });
        Self(modules.collect())
    }

    /// The segments of `path` in `module` from the root of the crate; `None` for what is elsewhere.
    fn absolute(&self, module: &str, path: &[String]) -> Option<Vec<String>> {
        let mut base: Vec<String> = segments(module);
        let mut rest = path;
        match path.first()?.as_str() {
            "crate" => {
                base.clear();
                rest = path.get(1..)?;
            }
            "self" => rest = path.get(1..)?,
            "super" => {
                while rest.first().is_some_and(|first| first == "super") {
                    base.pop();
                    rest = rest.get(1..)?;
                }
            }
            first => {
                base.push(first.to_owned());
                self.0.get(&base.join("::"))?;
                base.pop();
            }
        }
        base.extend(rest.iter().cloned());
        Some(base)
    }

    /// The module in which the thing at `path` is, through re-exports.
    fn home(&self, path: &[String], steps: usize) -> Option<String> {
        let mut module = String::new();
        for (index, segment) in path.iter().enumerate() {
            let child = match module.as_str() {
                "" => segment.clone(),
                module => format!("{module}::{segment}"),
            };
            if self.0.contains_key(&child) {
                module = child;
                continue;
            }
            let found = self.0.get(&module)?;
            let mut imports = found.named.iter();
            let import = imports.find(|named| named.alias.as_deref() == Some(segment.as_str()));
            let Some(import) = import else {
                return Some(module);
            };
            // What is imported from another crate is at home there.
            let mut target = self.absolute(&module, &import.path)?;
            if steps == 0 || Some(target.as_slice()) == path.get(..=index) {
                return Some(module);
            }
            target.extend(path.get(index + 1..)?.iter().cloned());
            return self.home(&target, steps - 1);
        }
        Some(module)
    }

    fn arrows(&self) -> Vec<Arrow<'a>> {
        let mut arrows = Vec::new();
        for (module, found) in &self.0 {
            for named in found.named.iter().filter(|named| !named.is_public) {
                let target = self.absolute(module, &named.path);
                let Some(home) = target.and_then(|target| self.home(&target, STEPS)) else {
                    continue;
                };
                let (module, home) = (segments(module), segments(&home));
                let shared = module.iter().zip(&home).take_while(|(a, b)| a == b);
                let shared = shared.count();
                if let (Some(from), Some(to)) = (module.get(..=shared), home.get(..=shared)) {
                    arrows.push(Arrow {
                        from: from.join("::"),
                        to: to.join("::"),
                        path: found.path,
                        line: named.line,
                    });
                }
            }
        }
        arrows
    }
}

fn segments(module: &str) -> Vec<String> {
    let parts = module.split("::").filter(|part| !part.is_empty());
    parts.map(str::to_owned).collect()
}

/// The arrows that close a circle, one for each pair of modules.
fn circles(modules: &Modules<'_>) -> Vec<Violation> {
    let arrows = modules.arrows();
    let mut violations = Vec::new();
    let mut told = BTreeSet::new();
    for arrow in &arrows {
        let Some(way) = way_back(&arrows, arrow) else {
            continue;
        };
        if told.insert((arrow.from.clone(), arrow.to.clone())) {
            let message = format!(
                "closes a circle of modules: {} -> {way}; move what is used to where both may look",
                arrow.from
            );
            violations.push(Violation::at(arrow.path, arrow.line, message));
        }
    }
    violations
}

/// The shortest way from the end of `arrow` to its beginning.
fn way_back(arrows: &[Arrow<'_>], arrow: &Arrow<'_>) -> Option<String> {
    let mut ways = VecDeque::from([vec![arrow.to.as_str()]]);
    let mut seen = BTreeSet::from([arrow.to.as_str()]);
    while let Some(way) = ways.pop_front() {
        let end = *way.last()?;
        if end == arrow.from {
            return Some(way.join(" -> "));
        }
        for step in arrows.iter().filter(|step| step.from == end) {
            if seen.insert(&step.to) {
                ways.push_back([way.as_slice(), &[step.to.as_str()]].concat());
            }
        }
    }
    None
}

/// How many re-exports a path may lead through.
const STEPS: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let files: Vec<TextFile> = files
            .iter()
            .map(|(path, text)| TextFile {
                path: format!("crates/a/src/{path}"),
                text: (*text).to_owned(),
            })
            .collect();
        let files: Vec<&TextFile> = files.iter().collect();
        let violations = circles(&Modules::of(&files));
        violations.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn two_files_that_import_each_other_are_a_circle() {
        let files = [
            ("lib.rs", "mod one;\nmod two;\n"),
            ("one.rs", "use crate::two::Two;\n"),
            ("two.rs", "fn f() { super::one::go() }\n"),
        ];
        let remedy = "move what is used to where both may look";
        assert_eq!(
            found(&files),
            [
                format!(
                    "crates/a/src/one.rs:1: error: closes a circle of modules: one -> two -> one; {remedy}"
                ),
                format!(
                    "crates/a/src/two.rs:1: error: closes a circle of modules: two -> one -> two; {remedy}"
                ),
            ]
        );
    }

    #[test]
    fn a_parent_and_its_children_are_one_room() {
        let files = [
            (
                "room/mod.rs",
                "mod child;\npub use self::child::Thing;\nfn f() { child::go() }\n",
            ),
            ("room/child.rs", "use super::Kind;\n"),
            ("other.rs", "use crate::room::Thing;\n"),
        ];
        assert_eq!(found(&files), [""; 0]);
    }

    #[test]
    fn a_re_export_is_followed_to_where_the_thing_is() {
        let files = [
            (
                "room/mod.rs",
                "pub use self::child::Thing;\npub use crate::base::Base;\n",
            ),
            ("room/child.rs", "use crate::room::Base;\n"),
            ("room/sibling.rs", "use super::Thing;\n"),
            ("base.rs", ""),
        ];
        assert_eq!(found(&files), [""; 0]);
        let back = [&files[..3], &[("base.rs", "use crate::room::Thing;\n")]].concat();
        assert_eq!(found(&back).len(), 2);
    }

    #[test]
    fn tests_may_look_anywhere() {
        let files = [
            ("one.rs", "use crate::two::Two;\n"),
            (
                "two.rs",
                "fn f() {}\n\n#[cfg(test)]\nmod tests {\n    use crate::one::One;\n}\n",
            ),
            ("two/tests.rs", "use crate::one::One;\n"),
        ];
        assert_eq!(found(&files), [""; 0]);
    }
}

//! Every relative link in a Markdown file resolves. Web addresses are not fetched; anchors are not
//! checked.

use std::path::{Component, Path, PathBuf};

use crate::repository::TextFile;
use crate::violation::Violation;

/// Checks one Markdown file; `exists` takes a path below the root.
pub(crate) fn check(file: &TextFile, exists: impl Fn(&str) -> bool) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (line, target) in links(&file.text) {
        let Some(path) = local_path(&target) else {
            continue;
        };
        let found = resolve(&file.path, path).is_some_and(|path| exists(&path));
        if !found {
            let message = format!("links to `{path}`, which does not exist");
            violations.push(Violation::at(&file.path, line, message));
        }
    }
    violations
}

/// Returns each link target outside code, with its line.
fn links(text: &str) -> Vec<(usize, String)> {
    let mut links = Vec::new();
    let mut fence: Option<&str> = None;
    for (index, line) in text.lines().enumerate() {
        let trimmed = line.trim_start();
        if let Some(open) = fence {
            if trimmed.starts_with(open) {
                fence = None;
            }
            continue;
        }
        fence = ["```", "~~~"]
            .into_iter()
            .find(|mark| trimmed.starts_with(mark));
        if fence.is_some() {
            continue;
        }
        let prose = without_code(line);
        let targets = inline(&prose).chain(reference(&prose)).chain(html(&prose));
        links.extend(targets.map(|target| (index + 1, target.to_owned())));
    }
    links
}

/// Blanks inline code.
fn without_code(line: &str) -> String {
    let mut inside = false;
    line.chars()
        .map(|character| {
            if character == '`' {
                inside = !inside;
            }
            if inside || character == '`' {
                ' '
            } else {
                character
            }
        })
        .collect()
}

/// `[text](target "title")`, images alike.
fn inline(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| {
        if let Some(rest) = rest.strip_prefix('<') {
            return rest.split('>').next();
        }
        rest.split([')', ' ']).next()
    })
}

/// `[name]: target`, at the start of a line.
fn reference(line: &str) -> impl Iterator<Item = &str> {
    let definition = line
        .trim_start()
        .strip_prefix('[')
        .and_then(|rest| rest.split_once("]:"));
    definition
        .into_iter()
        .filter_map(|(_, rest)| rest.split_whitespace().next())
}

/// `src="target"` and `href="target"`.
fn html(line: &str) -> impl Iterator<Item = &str> {
    ["src=\"", "href=\""]
        .into_iter()
        .flat_map(move |attribute| {
            line.split(attribute)
                .skip(1)
                .filter_map(|rest| rest.split('"').next())
        })
}

/// Returns the path of a relative link, or `None` for a URL or an anchor on the same page.
fn local_path(target: &str) -> Option<&str> {
    let scheme = target.split_once(':').is_some_and(|(scheme, _)| {
        !scheme.is_empty()
            && scheme
                .chars()
                .all(|character| character.is_ascii_alphanumeric() || character == '+')
    });
    let path = target.split(['#', '?']).next().unwrap_or_default();
    (!scheme && !path.is_empty()).then_some(path)
}

/// Resolves a link in `file` to a path below the root, or `None` if it leaves the root.
fn resolve(file: &str, link: &str) -> Option<String> {
    let base = match link.strip_prefix('/') {
        Some(_) => Path::new(""),
        None => Path::new(file).parent()?,
    };
    let mut resolved = PathBuf::new();
    for component in base.join(link.trim_start_matches('/')).components() {
        match component {
            Component::Normal(name) => resolved.push(name),
            Component::ParentDir if !resolved.pop() => return None,
            Component::ParentDir | Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(resolved.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(text: &str) -> Vec<String> {
        let file = TextFile {
            path: "docs/a.md".to_owned(),
            text: text.to_owned(),
        };
        let present = ["docs/b.md", "README.md", ""];
        check(&file, |path| present.contains(&path))
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn links_to_what_exists_pass() {
        assert_eq!(
            broken("[b](b.md) [up](../README.md#top) ![i](./b.md \"t\") [r](/README.md)"),
            [""; 0]
        );
        assert_eq!(
            broken("[b]: b.md\n<a href=\"b.md\">b</a> [c](<b.md>)"),
            [""; 0]
        );
        assert_eq!(broken("[root](..)"), [""; 0]);
    }

    #[test]
    fn every_broken_link_is_reported_with_its_line() {
        let expected = [
            "docs/a.md:1: error: links to `c.md`, which does not exist",
            "docs/a.md:3: error: links to `../d.md`, which does not exist",
            "docs/a.md:3: error: links to `e.md`, which does not exist",
        ];
        assert_eq!(broken("[c](c.md)\n\n[d](../d.md#x) [e](e.md)"), expected);
        assert_eq!(broken("[c]: c.md").len(), 1);
        assert_eq!(broken("<img src=\"c.png\">").len(), 1);
    }

    #[test]
    fn a_link_out_of_the_repository_is_broken() {
        assert_eq!(broken("[x](../../README.md)").len(), 1);
    }

    #[test]
    fn addresses_anchors_and_code_are_not_followed() {
        assert_eq!(
            broken("[w](https://example.com/c.md) [m](mailto:a@b) [h](#here)"),
            [""; 0]
        );
        assert_eq!(
            broken("`[c](c.md)`\n```\n[c](c.md)\n```\n~~~text\n[c](c.md)\n~~~"),
            [""; 0]
        );
    }

    #[test]
    fn a_link_after_a_closed_fence_is_checked() {
        assert_eq!(broken("```\nx\n```\n[c](c.md)").len(), 1);
    }
}

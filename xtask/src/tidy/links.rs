//! Every relative link in a Markdown file resolves, with its anchor when it leads to a page. Web
//! addresses are not fetched.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use crate::repository::TextFile;
use crate::violation::Violation;

/// Checks one Markdown file of `files`; `exists` takes a path below the root.
pub(crate) fn check(
    file: &TextFile,
    files: &[TextFile],
    exists: impl Fn(&str) -> bool,
) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (line, target) in links(&file.text) {
        let page = match local_path(&target) {
            Some(path) => {
                let Some(page) = resolve(&file.path, path).filter(|path| exists(path)) else {
                    let message = format!("links to `{path}`, which does not exist");
                    violations.push(Violation::at(&file.path, line, message));
                    continue;
                };
                page
            }
            None if target.starts_with('#') => file.path.clone(),
            None => continue,
        };
        let text = files
            .iter()
            .find(|each| each.path == page && each.is_markdown());
        if let (Some((_, anchor)), Some(text)) = (target.split_once('#'), text)
            && !anchors(&text.text).contains(anchor)
        {
            let message = format!("links to `{target}`, and there is no such heading");
            violations.push(Violation::at(&file.path, line, message));
        }
    }
    violations
}

/// The anchors of a page's headings, as GitHub and mdBook make them.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut anchors = BTreeSet::new();
    for (_, line) in prose(text) {
        let Some(heading) = line.strip_prefix('#') else {
            continue;
        };
        let heading = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = heading
            .chars()
            .filter(|each| each.is_alphanumeric() || " -_".contains(*each));
        let anchor: String = kept
            .map(|each| if each == ' ' { '-' } else { each })
            .collect();
        let numbered = (1..).map(|number| format!("{anchor}-{number}"));
        let free = std::iter::once(anchor.clone())
            .chain(numbered)
            .find(|each| !anchors.contains(each));
        anchors.extend(free);
    }
    anchors
}

/// Returns each link target outside code, with its line.
fn links(text: &str) -> Vec<(usize, String)> {
    let mut links = Vec::new();
    for (line, text) in prose(text) {
        let text = without_code(text);
        let targets = inline(&text).chain(reference(&text)).chain(html(&text));
        links.extend(targets.map(|target| (line, target.to_owned())));
    }
    links
}

/// The lines outside fenced code, with their numbers.
fn prose(text: &str) -> Vec<(usize, &str)> {
    let mut lines = Vec::new();
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
        if fence.is_none() {
            lines.push((index + 1, line));
        }
    }
    lines
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
        let page = |path: &str, text: &str| TextFile {
            path: path.to_owned(),
            text: text.to_owned(),
        };
        let b = "# `pass:` the *top*\n\n## Twice, 2\n\n## Twice, 2\n\n```\n# not here\n```\n";
        let files = [page("docs/a.md", text), page("docs/b.md", b)];
        let present = ["docs/b.md", "README.md", ""];
        check(&files[0], &files, |path| present.contains(&path))
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
    fn an_anchor_is_a_heading_of_its_page() {
        assert_eq!(
            broken(
                "# Here\n[h](#here) [t](b.md#pass-the-top) [b](b.md#twice-2) [c](b.md#twice-2-1)"
            ),
            [""; 0]
        );
        let expected = [
            "docs/a.md:1: error: links to `#here`, and there is no such heading",
            "docs/a.md:2: error: links to `b.md#not-here`, and there is no such heading",
        ];
        assert_eq!(broken("[h](#here)\n[n](b.md#not-here)"), expected);
    }

    #[test]
    fn addresses_and_code_are_not_followed() {
        assert_eq!(
            broken("[w](https://example.com/c.md#x) [m](mailto:a@b)"),
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

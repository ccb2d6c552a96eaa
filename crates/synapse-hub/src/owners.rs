//! Matches URIs with templates, and extracts the resources linked in a result.

use serde_json::Value;
use synapse_mcp::JsonObject;

/// Whether `uri` may be an expansion of the RFC 6570 `template`: its literals in order, with text
/// for each expression. A plain `{name}` matches no `/`; `{+name}` and similar match anything,
/// `{/path*}`, `{?query}` and `{#fragment}` may also be empty.
pub(crate) fn covers(template: &str, uri: &str) -> bool {
    let Some(parts) = parts(template) else {
        return false;
    };
    fits(&parts, uri)
}

enum TemplatePart<'a> {
    Literal(&'a str),
    /// Whether it matches `/`, and whether it may be empty.
    Expression {
        reserved: bool,
        optional: bool,
    },
}

fn parts(template: &str) -> Option<Vec<TemplatePart<'_>>> {
    let mut parts = Vec::new();
    let mut rest = template;
    while let Some((literal, after)) = rest.split_once('{') {
        if !literal.is_empty() {
            parts.push(TemplatePart::Literal(literal));
        }
        let (expression, after) = after.split_once('}')?;
        let operator = expression.chars().next()?;
        parts.push(TemplatePart::Expression {
            reserved: "+#/?&".contains(operator) || expression.ends_with('*'),
            optional: "#/.;?&".contains(operator),
        });
        rest = after;
    }
    if !rest.is_empty() {
        parts.push(TemplatePart::Literal(rest));
    }
    // A template that is a single expression would match everything.
    let has_literal = parts
        .iter()
        .any(|part| matches!(part, TemplatePart::Literal(_)));
    has_literal.then_some(parts)
}

/// Tracks reachable positions per part: quadratic at worst, on capped texts.
fn fits(parts: &[TemplatePart<'_>], uri: &str) -> bool {
    // The positions of `uri` reachable by the parts so far.
    let mut reached = vec![0_usize];
    for part in parts {
        let mut next: Vec<usize> = Vec::new();
        match part {
            TemplatePart::Literal(literal) => {
                for at in reached {
                    if uri.get(at..).is_some_and(|rest| rest.starts_with(literal)) {
                        next.push(at + literal.len());
                    }
                }
            }
            TemplatePart::Expression { reserved, optional } => {
                let Some(first) = reached.iter().min().copied() else {
                    return false;
                };
                let starts: std::collections::HashSet<usize> = reached.into_iter().collect();
                // From the left: a position is reachable if an earlier expression can extend to it.
                let mut open = false;
                let Some(rest) = uri.get(first..) else {
                    return false;
                };
                for (offset, each) in rest.char_indices() {
                    let at = first + offset;
                    if open {
                        next.push(at);
                    }
                    if starts.contains(&at) {
                        if *optional && !open {
                            next.push(at);
                        }
                        open = true;
                    }
                    if open && each == '/' && !reserved {
                        open = false;
                    }
                }
                if open || (*optional && starts.contains(&uri.len())) {
                    next.push(uri.len());
                }
            }
        }
        next.sort_unstable();
        next.dedup();
        reached = next;
        if reached.is_empty() {
            return false;
        }
    }
    reached.contains(&uri.len())
}

/// The URIs linked in a result: resource links, embedded resources, read contents, files of a
/// skill, and the interface of a tool.
pub(crate) fn links(result: &JsonObject) -> Vec<String> {
    let mut found = Vec::new();
    let take = |object: &Value, found: &mut Vec<String>| {
        if let Some(uri) = object.get("uri").and_then(Value::as_str) {
            found.push(uri.to_owned());
        }
    };
    let blocks = |member: &str| {
        let list = result.get(member).and_then(Value::as_array);
        list.into_iter().flatten()
    };
    for block in blocks("content") {
        match block.get("type").and_then(Value::as_str) {
            Some("resource_link") => take(block, &mut found),
            Some("resource") => {
                if let Some(resource) = block.get("resource") {
                    take(resource, &mut found);
                }
            }
            _ => {}
        }
    }
    for message in blocks("messages") {
        if let Some(content) = message.get("content") {
            take(content, &mut found);
            if let Some(resource) = content.get("resource") {
                take(resource, &mut found);
            }
        }
    }
    for content in blocks("contents") {
        take(content, &mut found);
    }
    if let Some(uri) = ui_resource(result) {
        found.push(uri.to_owned());
    }
    if let Some(skill) = result.get("skill").and_then(Value::as_object) {
        found.extend(skill_resources(skill));
    }
    found.truncate(MOST_LINKS);
    found
}

/// The URIs of a skill and its files.
pub(crate) fn skill_resources(skill: &JsonObject) -> Vec<String> {
    let own = skill.get("uri").and_then(Value::as_str).map(str::to_owned);
    let files = skill.get("resources").and_then(Value::as_array);
    let files = files.into_iter().flatten().filter_map(|file| match file {
        Value::String(uri) => Some(uri.clone()),
        _ => file.get("uri").and_then(Value::as_str).map(str::to_owned),
    });
    own.into_iter().chain(files).collect()
}

/// `_meta.ui.resourceUri` of a tool or a result.
pub(crate) fn ui_resource(item: &JsonObject) -> Option<&str> {
    item.get("_meta")?.get("ui")?.get("resourceUri")?.as_str()
}

/// Maximum remembered links per result.
const MOST_LINKS: usize = 1000;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_template_covers_what_it_expands_to() {
        for (template, uri, covered) in [
            ("file:///{name}", "file:///a.txt", true),
            ("file:///{name}", "file:///a/b.txt", false),
            ("file:///{+path}", "file:///a/b.txt", true),
            ("file:///{name}", "file:///", false),
            ("demo://{a}/x/{b}", "demo://1/x/2", true),
            ("demo://{a}/x/{b}", "demo://1/y/2", false),
            ("demo://items{?page}", "demo://items", true),
            ("demo://items{?page}", "demo://items?page=2", true),
            ("demo://aXb{c}Xd", "demo://aXbXXXd", true),
            ("{+anything}", "file:///etc/passwd", false),
            ("broken://{a", "broken://x", false),
        ] {
            assert_eq!(covers(template, uri), covered, "{template} {uri}");
        }
    }

    #[test]
    fn links_are_found_wherever_a_result_has_them() {
        let result = json!({
            "content": [
                {"type": "resource_link", "uri": "a:1"},
                {"type": "resource", "resource": {"uri": "a:2"}},
                {"type": "text", "text": "a:no", "uri": "a:no"},
            ],
            "_meta": {"ui": {"resourceUri": "ui://x"}},
        });
        let result = result.as_object().unwrap();
        assert_eq!(links(result), ["a:1", "a:2", "ui://x"]);
    }
}

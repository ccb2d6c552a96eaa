//! Finds the entries of a top-level block mapping of a YAML text that may be cut out, line by line.

use std::ops::Range;

use super::SkippedRun;

pub(super) fn runs(text: &str, keep: &[&[String]]) -> Option<Vec<Range<usize>>> {
    let section = keep.first()?.first()?;
    if keep.iter().any(|path| path.first() != Some(section)) {
        return None;
    }
    let mut runs = Vec::new();
    let mut run = SkippedRun::default();
    let mut column = None;
    let mut entry: Option<(usize, &str)> = None;
    let mut is_inside = false;
    let mut at = 0;
    let end_entry =
        |entry: &mut Option<(usize, &str)>, end: usize, run: &mut SkippedRun, runs: &mut Vec<_>| {
            let Some((start, key)) = entry.take() else {
                return;
            };
            let is_kept = |path: &&[String]| path.get(1).is_some_and(|name| key == name);
            if keep.iter().any(is_kept) {
                run.end(runs);
            } else {
                run.entries.push(start..end);
            }
        };
    for line in text.split_inclusive('\n') {
        let content = line.trim_start_matches(' ');
        let indent = line.len() - content.len();
        let said = content.trim_end();
        let is_content = !said.is_empty() && !said.starts_with('#');
        if is_content && indent == 0 {
            end_entry(&mut entry, at, &mut run, &mut runs);
            run.end(&mut runs);
            is_inside = said.strip_suffix(':') == Some(section);
            column = None;
        } else if is_content && is_inside && indent <= *column.get_or_insert(indent) {
            if column != Some(indent) || said.starts_with('-') {
                return None;
            }
            end_entry(&mut entry, at, &mut run, &mut runs);
            let (key, _) = said.split_once(':')?;
            entry = Some((at, key.trim_matches(['"', '\''])));
        }
        at += line.len();
    }
    end_entry(&mut entry, at, &mut run, &mut runs);
    run.end(&mut runs);
    let has_tab = |run: &Range<usize>| {
        text.get(run.clone())
            .is_some_and(|part| part.contains('\t'))
    };
    (!runs.iter().any(has_tab)).then_some(runs)
}

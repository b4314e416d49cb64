//! `.airflowignore`: which files and folders below a DAG folder are passed over.
//!
//! Mirrors `_GlobIgnoreRule` and `_RegexpIgnoreRule` of `airflow._shared.module_loading.file_discovery` (3.3.2) and of
//! `airflow.utils.file` (2.11.2), and `GitWildMatchPattern` of pathspec 1.1.1, which both use. The surprising rules: `#` ends
//! a line wherever it stands, a regular expression is searched in the path below the *DAG folder*, and a glob without an
//! inner `/` sees the base name only.

use std::path::{Path, PathBuf};

use fancy_regex::Regex;

use crate::airflow_version::AirflowVersion;
use crate::python::re::Pattern;

/// `[core] dag_ignore_file_syntax`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IgnoreSyntax {
    /// As in `.gitignore`, nearly. The default of Airflow 3.
    Glob,
    /// Python regular expressions. The default of Airflow 2.
    Regexp,
}

impl IgnoreSyntax {
    /// The default of a release.
    pub fn of(version: AirflowVersion) -> Self {
        match version >= AirflowVersion::V3_0 {
            true => Self::Glob,
            false => Self::Regexp,
        }
    }
}

/// One line of an ignore file.
#[derive(Clone, Debug)]
pub(super) enum Rule {
    Regexp(Pattern),
    Glob(GlobRule),
}

/// One line of an ignore file in glob syntax.
#[derive(Clone, Debug)]
pub(super) struct GlobRule {
    regex: Regex,
    /// `false` for a negated pattern: what it matches is taken back in.
    ignores: bool,
    /// The folder that the pattern is relative to; without, it sees the base name.
    relative_to: Option<PathBuf>,
    /// The pattern ends in `/`.
    folders_only: bool,
    /// 2.x: the regular expression must match from the start.
    anchored: bool,
}

/// A line that is no pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BadRule {
    /// The line, from 1.
    pub line: u32,
    /// What is wrong with it.
    pub why: String,
    /// Airflow stops reading the folder at such a line, so none of its DAGs are found.
    pub fatal: bool,
}

/// The rules of one ignore file in `folder`, and the lines that are none.
pub(super) fn read_rules(
    text: &str,
    folder: &Path,
    syntax: IgnoreSyntax,
    version: AirflowVersion,
) -> (Vec<Rule>, Vec<BadRule>) {
    let (mut rules, mut bad) = (Vec::new(), Vec::new());
    for (number, line) in text.split('\n').enumerate() {
        let pattern = without_comment(line);
        if pattern.is_empty() {
            continue;
        }
        let rule = match syntax {
            IgnoreSyntax::Regexp => regexp_rule(pattern, version)
                .map(Some)
                .map_err(|why| (why, false)),
            IgnoreSyntax::Glob => glob_rule(pattern, folder, version).map_err(|why| (why, true)),
        };
        match rule {
            Ok(rule) => rules.extend(rule),
            Err((why, fatal)) => bad.push(BadRule {
                line: number as u32 + 1,
                why,
                fatal,
            }),
        }
    }
    (rules, bad)
}

/// `re.sub(r"\s*#.*", "", line)`
fn without_comment(line: &str) -> &str {
    match line.find('#') {
        Some(start) => line[..start]
            .trim_end_matches(|c: char| c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)),
        None => line,
    }
}

fn regexp_rule(pattern: &str, version: AirflowVersion) -> Result<Rule, String> {
    // 2.x uses RE2, which cannot look around
    if version < AirflowVersion::V3_0
        && ["(?=", "(?!", "(?<=", "(?<!"]
            .iter()
            .any(|look| pattern.contains(look))
    {
        return Err("Airflow 2 reads it with RE2, which has no lookahead or lookbehind".to_owned());
    }
    let compiled = Pattern::for_search(pattern).map_err(|error| error.to_string())?;
    Ok(Rule::Regexp(compiled))
}

/// The rule of a pattern, none for a pattern that matches nothing.
fn glob_rule(
    pattern: &str,
    folder: &Path,
    version: AirflowVersion,
) -> Result<Option<Rule>, String> {
    if pattern.trim() == "/" {
        return Ok(None);
    }
    let inner_slash = pattern.starts_with('/') || pattern.trim_end_matches('/').contains('/');
    let modern = version >= AirflowVersion::V3_0;
    let folders_only = match modern {
        true => pattern.trim_start_matches('!').trim_end().ends_with('/'),
        false => pattern.ends_with('/'),
    };
    let Some((written, ignores)) = translate_pattern(pattern)? else {
        return Ok(None);
    };
    let regex = Regex::new(&written).map_err(|_| "it is not a glob pattern".to_owned())?;
    Ok(Some(Rule::Glob(GlobRule {
        regex,
        ignores,
        relative_to: inner_slash.then(|| folder.to_owned()),
        folders_only,
        anchored: !modern,
    })))
}

/// Whether rules pass over `path`, found while walking `base`. Both are spelt from the same start.
pub(super) fn is_ignored(path: &Path, is_folder: bool, base: &Path, rules: &[Rule]) -> bool {
    let mut ignored = false;
    for rule in rules {
        match rule {
            Rule::Regexp(pattern) => {
                let below = path.strip_prefix(base).unwrap_or(path).to_string_lossy();
                if pattern.matches(&below).unwrap_or(false) {
                    return true;
                }
            }
            Rule::Glob(glob) if glob.matches(path, is_folder) => ignored = glob.ignores,
            Rule::Glob(_) => {}
        }
    }
    ignored
}

impl GlobRule {
    fn matches(&self, path: &Path, is_folder: bool) -> bool {
        // 3.x looks at folders with a slash behind them whatever the pattern, 2.x where the pattern has one
        let (fits, slash) = match self.anchored {
            true => (true, is_folder && self.folders_only),
            false => (is_folder || !self.folders_only, is_folder),
        };
        if !fits {
            return false;
        }
        let seen = match &self.relative_to {
            Some(folder) => path.strip_prefix(folder).unwrap_or(path),
            None => Path::new(path.file_name().unwrap_or_default()),
        };
        let mut seen = seen.to_string_lossy().into_owned();
        if slash {
            seen.push('/');
        }
        match self.regex.find(&seen) {
            Ok(Some(found)) => !self.anchored || found.start() == 0,
            _ => false,
        }
    }
}

/// `GitIgnoreSpecPattern.pattern_to_regex`: the regular expression and whether it ignores, or none for a pattern that does nothing.
fn translate_pattern(pattern: &str) -> Result<Option<(String, bool)>, String> {
    let pattern = match pattern.ends_with("\\ ") {
        true => pattern,
        false => pattern.trim_end(),
    };
    if pattern.is_empty() || pattern == "/" {
        return Ok(None);
    }
    let (pattern, ignores) = match pattern.strip_prefix('!') {
        Some(rest) => (rest, false),
        None => (pattern, true),
    };
    let folders_only = pattern.is_empty() || pattern.ends_with('/');
    let segments = normalize(pattern.split('/').collect())
        .ok_or("it is not a glob pattern: nothing is left of it")?;
    let regex = match segments.as_slice() {
        ["**"] if folders_only => Some("/".to_owned()),
        ["**"] | ["**", "*"] => Some(".".to_owned()),
        ["**", "*", "**"] => Some("/".to_owned()),
        segments => translate_segments(segments)?,
    };
    Ok(regex.map(|regex| (regex, ignores)))
}

/// Brings the segments to a form in which each stands for one rule: a leading `**` where any folder will do, `**` for an end
/// in `/`.
fn normalize(mut segments: Vec<&str>) -> Option<Vec<&str>> {
    if segments[0].is_empty() {
        segments.remove(0);
    } else if (segments.len() == 1 || segments.len() == 2 && segments[1].is_empty())
        && segments[0] != "**"
    {
        segments.insert(0, "**");
    }
    let last = segments.last_mut()?;
    if last.is_empty() {
        *last = "**";
    }
    segments.dedup_by(|later, kept| *later == "**" && *kept == "**");
    Some(segments)
}

/// The regular expression of normalized segments, none where Git discards the pattern for its brackets.
fn translate_segments(segments: &[&str]) -> Result<Option<String>, String> {
    let mut written = String::new();
    let mut needs_slash = false;
    let end = segments.len() - 1;
    for (index, segment) in segments.iter().enumerate() {
        match *segment {
            "**" if index == 0 => written.push_str("^(?:.+/)?"),
            "**" if index < end => {
                written.push_str("(?:/.+)?");
                needs_slash = true;
            }
            "**" => written.push('/'),
            segment => {
                written.push_str(if index == 0 { "^" } else { "" });
                written.push_str(if needs_slash { "/" } else { "" });
                match segment {
                    "*" => written.push_str("[^/]+"),
                    segment => match translate_segment(segment)? {
                        Some(translated) => written.push_str(&translated),
                        None => return Ok(None),
                    },
                }
                written.push_str(if index == end { "(?:/|$)" } else { "" });
                needs_slash = true;
            }
        }
    }
    Ok(Some(written))
}

/// `_translate_segment_glob`, none for a `[` that is not closed.
fn translate_segment(segment: &str) -> Result<Option<String>, String> {
    let mut written = String::new();
    let mut rest = segment.chars();
    while let Some(char) = rest.next() {
        match char {
            '\\' => match rest.next() {
                Some(escaped) => push_literal(&mut written, escaped),
                None => return Err("it is not a glob pattern: it ends in a backslash".to_owned()),
            },
            '*' => written.push_str("[^/]*"),
            '?' => written.push_str("[^/]"),
            '[' => {
                let Some(end) = end_of_class(rest.as_str()) else {
                    return Ok(None);
                };
                let (inside, after) = rest.as_str().split_at(end);
                written.push_str(&translate_class(inside)?);
                rest = after[1..].chars();
            }
            char => push_literal(&mut written, char),
        }
    }
    Ok(Some(written))
}

/// Where the `]` of a class stands, whose `[` is behind.
fn end_of_class(text: &str) -> Option<usize> {
    let mut start = 0;
    if text.starts_with(['!', '^']) {
        start += 1;
    }
    if text[start..].starts_with(']') {
        start += 1;
    }
    text[start..].find(']').map(|end| start + end)
}

/// A class as Python's `re` reads it: backslashes are themselves, and a range that runs backwards is an error.
fn translate_class(inside: &str) -> Result<String, String> {
    let (mut written, inside) = match inside.strip_prefix(['!', '^']) {
        Some(rest) => ("[^".to_owned(), rest),
        None => ("[".to_owned(), inside),
    };
    let chars: Vec<char> = inside.chars().collect();
    let mut index = 0;
    while index < chars.len() {
        match chars[index..] {
            [first, '-', last, ..] if first > last => {
                return Err(
                    "it is not a glob pattern: a range in brackets runs backwards".to_owned(),
                );
            }
            [first, '-', last, ..] => {
                push_literal(&mut written, first);
                written.push('-');
                push_literal(&mut written, last);
                index += 3;
            }
            _ => {
                push_literal(&mut written, chars[index]);
                index += 1;
            }
        }
    }
    written.push(']');
    Ok(written)
}

fn push_literal(written: &mut String, char: char) {
    if char.is_ascii_punctuation() {
        written.push('\\');
    }
    written.push(char);
}

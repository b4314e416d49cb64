//! DAGs that are written in YAML: dag-factory, the YAML DAGs of Airflow 3.4, and generators of their kind.
//!
//! A key that is called like a connection id holds one, and an operator that is named by its import path has its default. The
//! surprising rule: an id that is a template, or an environment variable, is not an id.

use std::path::Path;

use libyaml_safer::EventData;

use super::parameters::{names_connection, takes_connection_id};
use super::project::read_limited;
use super::provider_defaults;
use super::reference::{Dynamic, Place, Reference, Scan, Unreadable, Via};
use super::source::Source;
use super::templates;
use super::value::Why;
use crate::airflow_version::AirflowVersion;
use crate::python::yaml::{Events, MAX_DEPTH, YamlError};
use crate::secret_kind::SecretKind;

/// Keys that stand in no YAML file but one that makes DAGs of them.
const MARKS: [&str; 6] = [
    "tasks:",
    "nodes:",
    "operator:",
    "uses:",
    "task_groups:",
    "task_decorator:",
];
/// Keys whose value says what runs.
const CLASS_KEYS: [&str; 6] = [
    "operator",
    "uses",
    "notifier",
    "callback",
    "decorator",
    "task_decorator",
];
/// Keys whose value holds arguments of what the mapping around them runs.
const ARGUMENT_KEYS: [&str; 3] = ["with", "args", "kwargs"];

/// Whether a file makes DAGs.
pub(super) fn is_factory(path: &Path) -> bool {
    let Ok(bytes) = read_limited(path) else {
        return false;
    };
    let text = String::from_utf8_lossy(&bytes);
    text.lines().any(|line| {
        let line = line.trim_start_matches([' ', '-']);
        MARKS.iter().any(|mark| line.starts_with(mark))
    })
}

/// Adds what a file uses to a scan.
pub(super) fn read(path: &Path, shown: String, version: AirflowVersion, scan: &mut Scan) {
    scan.files += 1;
    let text = match read_limited(path) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(why) => {
            return scan.unreadable.push(Unreadable {
                file: shown,
                line: 1,
                why,
            });
        }
    };
    let source = Source::new(shown, text);
    match documents(&source.text) {
        Ok(documents) => {
            let mut factory = Factory {
                file: &source.file,
                set_in_default_args: Vec::new(),
                scan,
            };
            documents
                .iter()
                .for_each(|document| factory.note_default_args(document));
            documents
                .iter()
                .for_each(|document| factory.node(document, None));
        }
        Err(error) => scan.unreadable.push(Unreadable {
            file: source.file.clone(),
            line: error.line as u32,
            why: error.to_string(),
        }),
    }
    for found in templates::read(&source.text).uses {
        let (kind, place) = (found.kind, source.place(found.offset));
        match &found.id {
            Some(id) => scan.references.push(reference(
                kind,
                id,
                place,
                Via::Template,
                found.is_optional(version),
            )),
            None => scan.dynamic.push(Dynamic {
                kind,
                place,
                why: Why::Template.to_string(),
            }),
        }
    }
}

fn reference(kind: SecretKind, id: &str, place: Place, via: Via, optional: bool) -> Reference {
    Reference {
        kind,
        id: id.to_owned(),
        place,
        via,
        environment_variable: None,
        optional,
        implicit: via == Via::Default,
        guarded: false,
        top_level: false,
    }
}

/// A node of a YAML document, and where it stands.
enum Node {
    Scalar {
        text: String,
        line: u32,
        column: u32,
    },
    Mapping(Vec<(Node, Node)>),
    Sequence(Vec<Node>),
    /// An alias: what it stands for is read where it is written.
    Alias,
}

/// The documents of a text.
fn documents(text: &str) -> Result<Vec<Node>, YamlError> {
    let mut events = Events::of(text)?;
    let mut documents = Vec::new();
    loop {
        match events.next_with_column()? {
            (EventData::StreamEnd, ..) => return Ok(documents),
            (EventData::DocumentStart { .. }, ..) => {
                let first = events.next_with_column()?;
                documents.push(node(&mut events, first, 0)?);
            }
            _ => {}
        }
    }
}

fn node(
    events: &mut Events<'_>,
    first: (EventData, usize, usize),
    depth: usize,
) -> Result<Node, YamlError> {
    let (data, line, column) = first;
    // deeper is no DAG; the events go by unread
    let too_deep = depth > MAX_DEPTH;
    match data {
        EventData::Scalar { value, .. } => Ok(Node::Scalar {
            text: value,
            line: line as u32,
            column: column as u32,
        }),
        EventData::SequenceStart { .. } | EventData::MappingStart { .. } if too_deep => {
            skip(events)
        }
        EventData::SequenceStart { .. } => {
            let mut items = Vec::new();
            loop {
                match events.next_with_column()? {
                    (EventData::SequenceEnd, ..) => return Ok(Node::Sequence(items)),
                    next => items.push(node(events, next, depth + 1)?),
                }
            }
        }
        EventData::MappingStart { .. } => {
            let mut entries = Vec::new();
            loop {
                match events.next_with_column()? {
                    (EventData::MappingEnd, ..) => return Ok(Node::Mapping(entries)),
                    next => {
                        let key = node(events, next, depth + 1)?;
                        let next = events.next_with_column()?;
                        entries.push((key, node(events, next, depth + 1)?));
                    }
                }
            }
        }
        _ => Ok(Node::Alias),
    }
}

/// Passes over the rest of a collection.
fn skip(events: &mut Events<'_>) -> Result<Node, YamlError> {
    let mut open = 1;
    while open > 0 {
        match events.next_with_column()?.0 {
            EventData::SequenceStart { .. } | EventData::MappingStart { .. } => open += 1,
            EventData::SequenceEnd | EventData::MappingEnd => open -= 1,
            _ => {}
        }
    }
    Ok(Node::Alias)
}

impl Node {
    fn text(&self) -> Option<&str> {
        match self {
            Node::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    fn entries(&self) -> &[(Node, Node)] {
        match self {
            Node::Mapping(entries) => entries,
            _ => &[],
        }
    }

    fn children(&self) -> Vec<&Node> {
        match self {
            Node::Mapping(entries) => entries.iter().map(|(_, value)| value).collect(),
            Node::Sequence(items) => items.iter().collect(),
            _ => Vec::new(),
        }
    }
}

/// Goes through one file.
struct Factory<'s> {
    file: &'s str,
    set_in_default_args: Vec<String>,
    scan: &'s mut Scan,
}

impl Factory<'_> {
    /// Which connection ids some `default_args` set.
    fn note_default_args(&mut self, node: &Node) {
        for (key, value) in node.entries() {
            if key.text() == Some("default_args") {
                let keys = value.entries().iter().filter_map(|(key, _)| key.text());
                self.set_in_default_args.extend(keys.map(str::to_owned));
            }
        }
        node.children()
            .into_iter()
            .for_each(|child| self.note_default_args(child));
    }

    /// `class` is what the mapping around runs.
    fn node(&mut self, node: &Node, class: Option<&str>) {
        let named = node
            .entries()
            .iter()
            .find(|(key, _)| key.text().is_some_and(|key| CLASS_KEYS.contains(&key)));
        let own = named.and_then(|(_, value)| value.text());
        if let Some((_, value)) = named {
            self.default(node, value);
        }
        let class = own.or(class);
        for (key, value) in node.entries() {
            let Some(key) = key.text() else { continue };
            let connection_id = key == "connection_id" && class.is_some_and(takes_connection_id);
            if names_connection(key) || connection_id {
                self.take(value);
            }
        }
        node.children()
            .into_iter()
            .for_each(|child| self.node(child, class));
    }

    fn take(&mut self, value: &Node) {
        let Node::Scalar { text, line, column } = value else {
            return;
        };
        let place = self.place(*line, *column);
        let kind = SecretKind::Connection;
        match text.as_str() {
            "" | "null" | "~" | "None" => {}
            text if text.contains("{{") => self.scan.dynamic.push(Dynamic {
                kind,
                place,
                why: Why::Template.to_string(),
            }),
            text if text.starts_with('$') => {
                let name = text.trim_matches(['$', '{', '}']).to_owned();
                self.scan.dynamic.push(Dynamic {
                    kind,
                    place,
                    why: Why::Environment(name).to_string(),
                });
            }
            text => self
                .scan
                .references
                .push(reference(kind, text, place, Via::Factory, false)),
        }
    }

    /// The default ids of what a mapping runs, unless they are given.
    fn default(&mut self, mapping: &Node, named: &Node) {
        let Node::Scalar { text, line, column } = named else {
            return;
        };
        for parameter in provider_defaults::parameters_of(text).unwrap_or_default() {
            let Some(default) = parameter.default else {
                continue;
            };
            let is_given = |mapping: &Node| {
                mapping
                    .entries()
                    .iter()
                    .any(|(key, _)| key.text() == Some(parameter.name))
            };
            let arguments = mapping
                .entries()
                .iter()
                .filter(|(key, _)| key.text().is_some_and(|key| ARGUMENT_KEYS.contains(&key)));
            let in_arguments = arguments.map(|(_, value)| value).any(is_given);
            let in_default_args = self
                .set_in_default_args
                .iter()
                .any(|name| name == parameter.name);
            if !is_given(mapping) && !in_arguments && !in_default_args {
                let place = self.place(*line, *column);
                self.scan.references.push(reference(
                    SecretKind::Connection,
                    default,
                    place,
                    Via::Default,
                    false,
                ));
            }
        }
    }

    fn place(&self, line: u32, column: u32) -> Place {
        Place {
            file: self.file.to_owned(),
            line,
            column,
        }
    }
}

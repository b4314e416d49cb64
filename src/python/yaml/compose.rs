//! From events to a graph of nodes: `CParser._compose_node` (PyYAML 6.0.3).
//!
//! The surprising rule: an alias is the very node it names, so the graph may hold circles.

use std::collections::HashMap;

use libyaml_safer::EventData;

use super::MAX_DEPTH;
use super::error::{Problem, YamlError};
use super::events::Events;
use super::resolve::{Tag, resolve};
use crate::python::json::MAX_VALUES;
use crate::secret::SecretText;

/// A node's place in [`Graph::nodes`].
pub(super) type NodeId = usize;

/// The key and the value of a mapping's entry.
pub(super) type Pair = (NodeId, NodeId);

/// The nodes of a document, in the order they begin.
pub(super) struct Graph {
    pub nodes: Vec<Node>,
    /// Nothing for a text without a document: empty, or only comments.
    pub root: Option<NodeId>,
}

pub(super) struct Node {
    pub tag: Tag,
    pub content: Content,
    /// The line it begins in, from 1.
    pub line: usize,
    /// Whether its own merges (`<<`) are being followed just now.
    pub is_merging: bool,
}

impl Node {
    /// The text of a scalar.
    pub(super) fn text(&self) -> Option<&SecretText> {
        match &self.content {
            Content::Scalar(text) => Some(text),
            _ => None,
        }
    }
}

pub(super) enum Content {
    Scalar(SecretText),
    Sequence(Vec<NodeId>),
    Mapping(Vec<Pair>),
}

/// Reads the one document of `text`.
pub(super) fn compose(text: &str) -> Result<Graph, YamlError> {
    let mut composer = Composer::default();
    let mut events = Events::of(text)?;
    loop {
        let (event, line) = events.next()?;
        match event {
            EventData::StreamEnd => break,
            event => composer.take(event, line)?,
        }
    }
    Ok(Graph {
        nodes: composer.nodes,
        root: composer.root,
    })
}

#[derive(Default)]
struct Composer {
    nodes: Vec<Node>,
    root: Option<NodeId>,
    anchors: HashMap<String, NodeId>,
    /// The sequences and mappings that have not ended, the innermost last.
    open: Vec<Open>,
    /// How many events there were, of which every value has one at least.
    events: usize,
}

struct Open {
    id: NodeId,
    /// A mapping's key that waits for its value.
    key: Option<NodeId>,
}

impl Composer {
    fn take(&mut self, event: EventData, line: usize) -> Result<(), YamlError> {
        self.events += 1;
        if self.events > MAX_VALUES {
            return Err(YamlError::new(Problem::TooManyValues, line));
        }
        match event {
            EventData::DocumentStart { .. } if self.root.is_some() => {
                return Err(YamlError::new(Problem::SecondDocument, line));
            }
            EventData::Alias { anchor } => {
                let undefined = YamlError::new(Problem::UndefinedAlias, line);
                let id = *self.anchors.get(&anchor).ok_or(undefined)?;
                self.attach(id);
            }
            EventData::Scalar {
                anchor,
                tag,
                value,
                plain_implicit,
                ..
            } => {
                let tag = given(tag).unwrap_or_else(|| resolve(&value, plain_implicit));
                let id = self.add(tag, Content::Scalar(value.into()), anchor, line)?;
                self.attach(id);
            }
            EventData::SequenceStart { anchor, tag, .. } => {
                let tag = given(tag).unwrap_or(Tag::Seq);
                self.open(tag, Content::Sequence(Vec::new()), anchor, line)?;
            }
            EventData::MappingStart { anchor, tag, .. } => {
                let tag = given(tag).unwrap_or(Tag::Map);
                self.open(tag, Content::Mapping(Vec::new()), anchor, line)?;
            }
            EventData::SequenceEnd | EventData::MappingEnd => {
                if let Some(ended) = self.open.pop() {
                    self.attach(ended.id);
                }
            }
            EventData::StreamStart { .. }
            | EventData::StreamEnd
            | EventData::DocumentStart { .. }
            | EventData::DocumentEnd { .. } => {}
        }
        Ok(())
    }

    /// A node can be named from its beginning on, even from inside itself.
    fn add(
        &mut self,
        tag: Tag,
        content: Content,
        anchor: Option<String>,
        line: usize,
    ) -> Result<NodeId, YamlError> {
        let id = self.nodes.len();
        self.nodes.push(Node {
            tag,
            content,
            line,
            is_merging: false,
        });
        if let Some(anchor) = anchor
            && self.anchors.insert(anchor, id).is_some()
        {
            return Err(YamlError::new(Problem::DuplicateAnchor, line));
        }
        Ok(id)
    }

    fn open(
        &mut self,
        tag: Tag,
        content: Content,
        anchor: Option<String>,
        line: usize,
    ) -> Result<(), YamlError> {
        if self.open.len() == MAX_DEPTH {
            return Err(YamlError::new(Problem::NestedTooDeeply, line));
        }
        let id = self.add(tag, content, anchor, line)?;
        self.open.push(Open { id, key: None });
        Ok(())
    }

    /// Puts a complete node where it belongs: in what is open, or at the root.
    fn attach(&mut self, id: NodeId) {
        let Some(open) = self.open.last_mut() else {
            self.root = Some(id);
            return;
        };
        match &mut self.nodes[open.id].content {
            Content::Sequence(items) => items.push(id),
            Content::Mapping(pairs) => match open.key.take() {
                None => open.key = Some(id),
                Some(key) => pairs.push((key, id)),
            },
            Content::Scalar(_) => {}
        }
    }
}

/// The tag that is written out; `!` alone counts as none.
fn given(tag: Option<String>) -> Option<Tag> {
    tag.filter(|tag| tag != "!").map(|tag| Tag::named(&tag))
}

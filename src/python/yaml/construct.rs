//! From nodes to Python objects: `yaml.constructor.SafeConstructor` (PyYAML 6.0.3).
//!
//! The surprising rule: collections are filled one level after the other. It shows where an anchor inside a merged
//! mapping is used again, so the order is kept.

use std::collections::VecDeque;

use indexmap::IndexMap;

use super::compose::{Content, Graph, Node, NodeId, Pair};
use super::document::{Document, Key, Object};
use super::error::{Problem, YamlError};
use super::number::{parse_float, parse_int};
use super::resolve::Tag;
use super::timestamp::parse_timestamp;
use super::{MAX_DEPTH, MAX_MERGED};
use crate::secret::SecretText;

/// Constructs the object of every node that the root holds.
pub(super) fn construct(graph: Graph) -> Result<Document, YamlError> {
    let objects = graph.nodes.iter().map(|_| None).collect();
    let mut constructor = Constructor {
        nodes: graph.nodes,
        objects,
        unfilled: VecDeque::new(),
        merged: 0,
    };
    if let Some(root) = graph.root {
        constructor.construct(root)?;
    }
    while let Some(id) = constructor.unfilled.pop_front() {
        constructor.fill(id)?;
    }
    Ok(Document {
        nodes: constructor.nodes,
        objects: constructor.objects,
        root: graph.root,
    })
}

struct Constructor {
    nodes: Vec<Node>,
    /// What each node became; an alias is the same object again.
    objects: Vec<Option<Object>>,
    /// Collections that are still empty.
    unfilled: VecDeque<NodeId>,
    /// How many entries merges have made so far.
    merged: usize,
}

impl Constructor {
    fn construct(&mut self, id: NodeId) -> Result<(), YamlError> {
        if self.objects[id].is_some() {
            return Ok(());
        }
        let object = match self.nodes[id].tag {
            Tag::Null => self.scalar(id).map(|_| Object::None)?,
            Tag::Bool => self.read(id, "bool", |text| parse_bool(text).map(Object::Bool))?,
            Tag::Float => self.read(id, "float", |text| parse_float(text).map(Object::Float))?,
            Tag::Timestamp => self.timestamp(id)?,
            Tag::Binary => {
                self.read(id, "bytes", |text| is_base64(text).then_some(Object::Bytes))?
            }
            Tag::Str => Object::Text(self.scalar(id)?),
            Tag::Int => self.read(id, "int", |text| parse_int(text).map(Object::Int))?,
            Tag::Seq => self.later(id, Object::List(Vec::new())),
            Tag::Pairs => self.later(id, Object::Pairs(Vec::new())),
            Tag::Map => self.later(id, Object::Dict(IndexMap::new())),
            Tag::Set => self.later(id, Object::Set),
            Tag::Merge | Tag::Value | Tag::Unknown => {
                return Err(self.error(Problem::UnknownTag, id));
            }
        };
        self.objects[id] = Some(object);
        Ok(())
    }

    fn later(&mut self, id: NodeId, empty: Object) -> Object {
        self.unfilled.push_back(id);
        empty
    }

    fn fill(&mut self, id: NodeId) -> Result<(), YamlError> {
        let object = match self.nodes[id].tag {
            Tag::Seq => Object::List(self.list(id)?),
            Tag::Pairs => Object::Pairs(self.pairs(id)?),
            Tag::Set => self.dict(id).map(|_| Object::Set)?,
            _ => Object::Dict(self.dict(id)?),
        };
        self.objects[id] = Some(object);
        Ok(())
    }

    fn list(&mut self, id: NodeId) -> Result<Vec<NodeId>, YamlError> {
        let items = self.items(id)?.to_vec();
        for item in &items {
            self.construct(*item)?;
        }
        Ok(items)
    }

    /// `!!omap` and `!!pairs`: a list of mappings of one key each.
    fn pairs(&mut self, id: NodeId) -> Result<Vec<Pair>, YamlError> {
        let mut pairs = Vec::new();
        for item in self.items(id)?.to_vec() {
            let Content::Mapping(entries) = &self.nodes[item].content else {
                return Err(self.wrong_node("a mapping of one key", item));
            };
            let [(key, value)] = entries[..] else {
                return Err(self.wrong_node("a mapping of one key", item));
            };
            self.construct(key)?;
            self.construct(value)?;
            pairs.push((key, value));
        }
        Ok(pairs)
    }

    fn dict(&mut self, id: NodeId) -> Result<IndexMap<Key, Pair>, YamlError> {
        self.flatten(id, 0)?;
        let mut dict: IndexMap<Key, Pair> = IndexMap::new();
        for (key, value) in self.entries(id)?.to_vec() {
            self.construct(key)?;
            self.construct(value)?;
            let hashed = self.key(key)?;
            // of equal keys Python keeps the first, and the last value
            dict.entry(hashed)
                .and_modify(|pair| pair.1 = value)
                .or_insert((key, value));
        }
        Ok(dict)
    }

    fn key(&self, id: NodeId) -> Result<Key, YamlError> {
        let object = self.objects[id].as_ref();
        let key = object.and_then(|object| Key::of(id, object, &self.nodes));
        key.ok_or_else(|| {
            let type_name = object.map_or("object", Object::type_name);
            self.error(Problem::UnhashableKey { type_name }, id)
        })
    }

    /// Puts the entries of the mappings that `<<` names before the mapping's own.
    fn flatten(&mut self, id: NodeId, depth: usize) -> Result<(), YamlError> {
        if depth > MAX_DEPTH {
            return Err(self.error(Problem::NestedTooDeeply, id));
        }
        let Content::Mapping(pairs) = &mut self.nodes[id].content else {
            return Ok(());
        };
        let pairs = std::mem::take(pairs);
        self.nodes[id].is_merging = true;
        let mut entries = Vec::new();
        let mut own = Vec::with_capacity(pairs.len());
        for (key, value) in pairs {
            match self.nodes[key].tag {
                Tag::Merge => self.merge(value, &mut entries, depth)?,
                Tag::Value => {
                    self.nodes[key].tag = Tag::Str;
                    own.push((key, value));
                }
                _ => own.push((key, value)),
            }
        }
        entries.append(&mut own);
        self.nodes[id].content = Content::Mapping(entries);
        self.nodes[id].is_merging = false;
        Ok(())
    }

    /// Adds the entries of a merged mapping, or of a list of them: of those the first wins, so it comes last.
    fn merge(
        &mut self,
        id: NodeId,
        entries: &mut Vec<Pair>,
        depth: usize,
    ) -> Result<(), YamlError> {
        let mappings = match &self.nodes[id].content {
            Content::Mapping(_) => vec![id],
            Content::Sequence(items) => items.clone(),
            Content::Scalar(_) => return Err(self.error(Problem::MergeOfNoMapping, id)),
        };
        for mapping in &mappings {
            if self.nodes[*mapping].is_merging {
                return Err(self.error(Problem::MergesItself, *mapping));
            }
            self.flatten(*mapping, depth + 1)?;
        }
        for mapping in mappings.iter().rev() {
            let Content::Mapping(pairs) = &self.nodes[*mapping].content else {
                return Err(self.error(Problem::MergeOfNoMapping, *mapping));
            };
            self.merged += pairs.len();
            if self.merged > MAX_MERGED {
                return Err(self.error(Problem::TooManyMerged, id));
            }
            entries.extend_from_slice(pairs);
        }
        Ok(())
    }

    fn timestamp(&self, id: NodeId) -> Result<Object, YamlError> {
        match self.nodes[id].content {
            Content::Scalar(_) => {
                self.read(id, "date", |text| parse_timestamp(text).map(Object::Date))
            }
            _ => Err(self.wrong_node("a scalar", id)),
        }
    }

    fn read(
        &self,
        id: NodeId,
        type_name: &'static str,
        parse: impl Fn(&str) -> Option<Object>,
    ) -> Result<Object, YamlError> {
        let object = parse(self.text(self.scalar(id)?));
        object.ok_or_else(|| self.error(Problem::NotA { type_name }, id))
    }

    /// The scalar that a scalar's tag stands for: the node itself, or what a mapping has under the key `=`.
    fn scalar(&self, id: NodeId) -> Result<NodeId, YamlError> {
        let mut scalar = id;
        for _ in 0..MAX_DEPTH {
            match &self.nodes[scalar].content {
                Content::Scalar(_) => return Ok(scalar),
                Content::Sequence(_) => break,
                Content::Mapping(pairs) => {
                    let default = pairs
                        .iter()
                        .find(|(key, _)| self.nodes[*key].tag == Tag::Value);
                    let Some((_, value)) = default else { break };
                    scalar = *value;
                }
            }
        }
        Err(self.wrong_node("a scalar", id))
    }

    fn text(&self, id: NodeId) -> &str {
        self.nodes[id].text().map_or("", SecretText::expose)
    }

    fn items(&self, id: NodeId) -> Result<&[NodeId], YamlError> {
        match &self.nodes[id].content {
            Content::Sequence(items) => Ok(items),
            _ => Err(self.wrong_node("a sequence", id)),
        }
    }

    fn entries(&self, id: NodeId) -> Result<&[Pair], YamlError> {
        match &self.nodes[id].content {
            Content::Mapping(pairs) => Ok(pairs),
            _ => Err(self.wrong_node("a mapping", id)),
        }
    }

    fn wrong_node(&self, expected: &'static str, id: NodeId) -> YamlError {
        self.error(Problem::WrongNode { expected }, id)
    }

    fn error(&self, problem: Problem, id: NodeId) -> YamlError {
        YamlError::new(problem, self.nodes[id].line)
    }
}

fn parse_bool(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "yes" | "true" | "on" => Some(true),
        "no" | "false" | "off" => Some(false),
        _ => None,
    }
}

/// Whether `base64.decodebytes` takes the text: it skips what is no base64, and wants complete groups of four.
fn is_base64(text: &str) -> bool {
    let mut place = 0;
    let mut padding = 0;
    for byte in text.bytes() {
        match byte {
            b'=' if place >= 2 => {
                padding += 1;
                if place + padding >= 4 {
                    return text.is_ascii();
                }
            }
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' => {
                padding = 0;
                place = (place + 1) % 4;
            }
            _ => {}
        }
    }
    place == 0 && text.is_ascii()
}

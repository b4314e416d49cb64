//! What `<<` brings into a mapping, and whether PyYAML 6.0.4 would bring in something else than 6.0.3, which is followed.
//!
//! The surprising rule: of several mappings under one `<<` the first wins in 6.0.3; in 6.0.4 the last does, but for keys of one
//! character, where the first wins, and of several `<<` likewise.

use std::collections::{HashMap, HashSet};

use super::compose::{Content, Node, NodeId, Pair};
use super::resolve::Tag;
use crate::secret::SecretText;

/// What the `<<` of a mapping have brought in so far.
#[derive(Default)]
pub(super) struct Merged {
    /// The entries as 6.0.3 puts them: the last of equal keys wins.
    pub entries: Vec<Pair>,
    /// The mappings that they come from, as they are written.
    pub sources: Vec<NodeId>,
}

/// A scalar by what it looks like.
type Name<'a> = (Tag, &'a str);

impl Merged {
    /// Whether 6.0.4 would give one of the keys another value; `own` are the entries that win over all that is merged.
    pub fn is_disputed(&self, nodes: &[Node], own: &[Pair]) -> bool {
        if self.sources.len() < 2 {
            return false;
        }
        let older = winners(nodes, self.entries.iter());
        let newer = winners(nodes, self.in_newer_order(nodes).into_iter());
        let own: HashSet<Name> = own
            .iter()
            .filter_map(|(key, _)| name(nodes, *key))
            .collect();
        older.iter().any(|(key, value)| {
            let other = newer.get(key);
            !own.contains(key) && other.is_some_and(|other| !are_alike(nodes, *value, *other))
        })
    }

    /// The entries as 6.0.4 puts them: in the order of the text, and without a key whose text is the very object of one before,
    /// which CPython makes of each text of one character.
    fn in_newer_order<'a>(&'a self, nodes: &'a [Node]) -> Vec<&'a Pair> {
        let mut seen = HashSet::new();
        let mut characters = HashSet::new();
        let pairs = self
            .sources
            .iter()
            .flat_map(|source| match &nodes[*source].content {
                Content::Mapping(pairs) => pairs.as_slice(),
                _ => &[],
            });
        pairs
            .filter(|(key, _)| {
                let text = nodes[*key].text().map_or("", SecretText::expose);
                let is_shared = text.len() <= 1 || (text.chars().count() == 1 && text < "\u{100}");
                seen.insert(*key) && (!is_shared || characters.insert(text))
            })
            .collect()
    }
}

fn winners<'a>(
    nodes: &'a [Node],
    pairs: impl Iterator<Item = &'a Pair>,
) -> HashMap<Name<'a>, NodeId> {
    pairs
        .filter_map(|(key, value)| Some((name(nodes, *key)?, *value)))
        .collect()
}

fn name(nodes: &[Node], id: NodeId) -> Option<Name<'_>> {
    Some((nodes[id].tag, nodes[id].text()?.expose()))
}

/// Whether two values are surely the same.
fn are_alike(nodes: &[Node], one: NodeId, other: NodeId) -> bool {
    one == other || name(nodes, one).is_some_and(|text| name(nodes, other) == Some(text))
}

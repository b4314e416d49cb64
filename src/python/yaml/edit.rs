//! Looking into the objects of a document, and writing into them as Python code does into what `yaml.safe_load` returned.
//!
//! The surprising rule: an alias is the very object that it names, so what is written into one is seen through the other.

use super::compose::{Content, Node};
use super::document::{Document, Key, Object, ObjectId};
use super::resolve::Tag;
use crate::secret::SecretText;

impl Document {
    /// The keys of a dict, nothing for one that is not a `str`, and their values; nothing if it is no dict.
    pub fn members(&self, dict: ObjectId) -> Option<Vec<(Option<&str>, ObjectId)>> {
        let Object::Dict(dict) = self.object(dict.0) else {
            return None;
        };
        let member = |(key, value): &(usize, usize)| {
            let name = match self.object(*key) {
                Object::Text(scalar) => Some(self.text(*scalar)),
                _ => None,
            };
            (name, ObjectId(*value))
        };
        Some(dict.values().map(member).collect())
    }

    /// Whether it is something that more can be written into.
    pub fn is_collection(&self, id: ObjectId) -> bool {
        matches!(
            self.object(id.0),
            Object::List(_) | Object::Pairs(_) | Object::Dict(_)
        )
    }

    /// Python's name for the type of an object.
    pub fn type_name(&self, id: ObjectId) -> &'static str {
        self.object(id.0).type_name()
    }

    /// What a dict has under a name.
    pub fn member(&self, dict: ObjectId, name: &str) -> Option<ObjectId> {
        match self.object(dict.0) {
            Object::Dict(dict) => Some(ObjectId(dict.get(&Key::Text(name.to_owned()))?.1)),
            _ => None,
        }
    }

    /// `one == other`, where both can be keys of a dict; nothing else is equal.
    pub fn are_equal(&self, one: ObjectId, other: ObjectId) -> bool {
        let is_nan =
            |id: ObjectId| matches!(self.object(id.0), Object::Float(number) if number.is_nan());
        let key = |id: ObjectId| Key::of(id.0, self.object(id.0), &self.nodes);
        match (key(one), key(other)) {
            (Some(left), Some(right)) => left == right && !is_nan(one),
            _ => false,
        }
    }

    /// `dict[name] = value`
    pub fn insert(&mut self, dict: ObjectId, name: &str, value: ObjectId) {
        let key = self.add_text(name.into());
        if let Some(Object::Dict(dict)) = &mut self.objects[dict.0] {
            dict.entry(Key::Text(name.to_owned()))
                .and_modify(|pair| pair.1 = value.0)
                .or_insert((key.0, value.0));
        }
    }

    /// `dict[name] = text`
    pub fn insert_text(&mut self, dict: ObjectId, name: &str, text: SecretText) {
        let value = self.add_text(text);
        self.insert(dict, name, value);
    }

    /// `del dict[name]`
    pub fn remove(&mut self, dict: ObjectId, name: &str) {
        if let Some(Object::Dict(dict)) = &mut self.objects[dict.0] {
            dict.shift_remove(&Key::Text(name.to_owned()));
        }
    }

    fn add_text(&mut self, text: SecretText) -> ObjectId {
        let id = self.nodes.len();
        self.nodes.push(Node {
            tag: Tag::Str,
            content: Content::Scalar(text),
            line: 0,
            is_merging: false,
        });
        self.objects.push(Some(Object::Text(id)));
        ObjectId(id)
    }
}

//! The ids that have to resolve, each once, with the places that use it.

use std::collections::HashMap;

use super::Implicit;
use crate::dags::{Place, Reference};
use crate::secret_kind::SecretId;

/// An id that has to resolve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Kind and id.
    pub secret: SecretId,
    /// Where DAG files use it; none for an id of the command line or a list.
    pub places: Vec<Place>,
    /// Every use has a default, or catches that it is missing.
    pub is_optional: bool,
    /// Nobody wrote it: it is a class's default wherever it is used.
    pub is_implicit: bool,
    /// It is said to live where secretctl cannot look.
    pub is_known: bool,
}

/// Ids on their way to be checked, in the order in which they came.
#[derive(Clone, Debug, Default)]
pub struct WantedIds {
    ids: Vec<Wanted>,
    at: HashMap<SecretId, usize>,
}

impl WantedIds {
    /// Adds an id that somebody names: it is neither optional nor implicit.
    pub fn add(&mut self, secret: SecretId) {
        let wanted = self.entry(secret);
        wanted.is_optional = false;
        wanted.is_implicit = false;
    }

    /// Adds a use in a DAG file.
    pub fn add_reference(&mut self, reference: &Reference) {
        let wanted = self.entry(SecretId::new(reference.kind, &reference.id));
        wanted.is_optional &= reference.optional || reference.guarded;
        wanted.is_implicit &= reference.implicit;
        wanted.places.push(reference.place.clone());
    }

    /// Says that an id lives where secretctl cannot look.
    pub fn know(&mut self, secret: &SecretId) {
        if let Some(wanted) = self.at.get(secret).and_then(|at| self.ids.get_mut(*at)) {
            wanted.is_known = true;
        }
    }

    /// Whether there is nothing to check.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    pub(super) fn into_ids(self, implicit: Implicit) -> Vec<Wanted> {
        let mut ids = self.ids;
        ids.retain(|wanted| implicit != Implicit::Skip || !wanted.is_implicit);
        ids
    }

    fn entry(&mut self, secret: SecretId) -> &mut Wanted {
        let at = *self.at.entry(secret.clone()).or_insert(self.ids.len());
        if at == self.ids.len() {
            self.ids.push(Wanted {
                secret,
                places: Vec::new(),
                is_optional: true,
                is_implicit: true,
                is_known: false,
            });
        }
        &mut self.ids[at]
    }
}

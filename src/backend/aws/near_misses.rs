//! Secrets that somebody may have meant: other separators, another case, another kind's prefix, the other service.
//!
//! The surprising rule: nothing is asked for twice. These are questions about a lookup that is over, so that the first one that
//! fails is the last.

use super::backend::{AwsService, Existing};
use super::naming::Naming;
use crate::secret_kind::{SecretId, SecretKind};

/// The names to look for, each once and at most `S::MOST_NAMES`; `asked` is the one that is not there.
pub(super) fn names<S: AwsService>(
    service: &S,
    naming: &Naming,
    secret: &SecretId,
    asked: &str,
) -> Vec<String> {
    let mut names = service.variants(asked);
    let own = naming.prefix(secret.kind).into_iter();
    let spelt = own.flat_map(|prefix| {
        let spellings = spellings(&secret.id).into_iter();
        spellings.map(move |id| service.name(prefix, &id))
    });
    let others = SecretKind::ALL
        .into_iter()
        .filter(|kind| *kind != secret.kind);
    let others = others.filter_map(|kind| naming.prefix(kind));
    let others = others.map(|prefix| service.name(prefix, &secret.id));
    for name in spelt.chain(others) {
        if name != asked && !name.is_empty() && !names.contains(&name) {
            names.push(name);
        }
    }
    names.truncate(S::MOST_NAMES);
    names
}

/// Other spellings of an id.
fn spellings(id: &str) -> [String; 4] {
    [
        id.replace('_', "-"),
        id.replace('-', "_"),
        id.to_lowercase(),
        id.trim_matches('/').to_owned(),
    ]
}

/// The advice for a name that exists.
pub(super) fn hint(existing: &Existing) -> String {
    let name = &existing.name;
    match existing.is_deleted {
        true => format!(
            "`{name}` is scheduled for deletion; `aws secretsmanager restore-secret` brings it back"
        ),
        false => format!("`{name}` exists; check the id, and the prefix in the kwargs"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_spelt_with_other_separators_and_in_lower_case() {
        assert_eq!(
            spellings("/My-conn_id"),
            ["/My-conn-id", "/My_conn_id", "/my-conn_id", "My-conn_id"]
        );
    }
}

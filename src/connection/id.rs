//! The connection id that a connection carries (`sanitize_conn_id` of `airflow.models.connection`, Airflow 3.3.2).
//!
//! The surprising rule: an id with any other character does not stop the lookup; the connection is found and used, with
//! `None` for its id.

use super::Model;
use crate::python::text::is_word;

/// The longest id, in characters.
const MAX_LENGTH: usize = 250;

/// The warning for an id that is lost.
pub(super) const LOST: &str = "Airflow sets the id of this connection to `None`: an id has 1 to 250 characters, \
     letters, digits and `_#!()-.:/\\`";

/// The id as the model keeps it. A worker keeps any; the server tolerates one line break at the end, and drops it.
pub(super) fn stored(model: Model, conn_id: &str) -> Option<String> {
    if model == Model::Worker {
        return Some(conn_id.to_string());
    }
    let kept = conn_id.strip_suffix('\n').unwrap_or(conn_id);
    let is_valid =
        !kept.is_empty() && kept.chars().all(is_allowed) && conn_id.chars().count() <= MAX_LENGTH;
    is_valid.then(|| kept.to_string())
}

fn is_allowed(c: char) -> bool {
    is_word(c) || "#!()-.:/\\".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_drops_an_id_with_other_characters() {
        for conn_id in ["", "a b", "a\n\n", "\na", "a?", "a\u{301}", "a\0", "é€"] {
            assert_eq!(stored(Model::Server, conn_id), None, "{conn_id:?}");
            assert_eq!(stored(Model::Worker, conn_id).as_deref(), Some(conn_id));
        }
    }

    #[test]
    fn the_server_keeps_letters_of_any_script() {
        for conn_id in ["a", "é中٣", "A_b#c!(d)-.e:/\\9"] {
            assert_eq!(stored(Model::Server, conn_id).as_deref(), Some(conn_id));
        }
        assert_eq!(stored(Model::Server, "a\n").as_deref(), Some("a"));
        assert_eq!(stored(Model::Worker, "a\n").as_deref(), Some("a\n"));
    }

    #[test]
    fn the_server_counts_characters_before_it_drops_the_line_break() {
        assert!(stored(Model::Server, &"é".repeat(250)).is_some());
        assert!(stored(Model::Server, &"a".repeat(251)).is_none());
        assert!(stored(Model::Server, &format!("{}\n", "a".repeat(250))).is_none());
    }
}

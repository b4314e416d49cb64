//! The connection id that a connection carries (`sanitize_conn_id` of `airflow.models.connection`, Airflow 3.3.2).
//!
//! The surprising rule: an id with any other character does not stop the lookup; the connection is found and used, with
//! `None` for its id.

use super::Model;
use super::model::Class;
use crate::python::text::is_word;

/// The longest id, in characters.
const MAX_LENGTH: usize = 250;

/// The warning for an id that is lost.
pub(super) fn lost(model: Model) -> String {
    let letters = match model.version.has_ascii_ids() {
        true => "letters from `a` to `z`",
        false => "letters",
    };
    format!(
        "Airflow sets the id of this connection to `None`: an id has 1 to 250 characters, {letters}, digits and \
         `_#!()-.:/\\`"
    )
}

/// The id as the model keeps it. A worker keeps any; the server of Airflow 3 tolerates one line break at the end, and
/// drops it.
pub(super) fn stored(model: Model, conn_id: &str) -> Option<String> {
    if model.class == Class::Worker {
        return Some(conn_id.to_string());
    }
    let is_ascii = model.version.has_ascii_ids();
    let kept = match conn_id.strip_suffix('\n') {
        Some(kept) if !is_ascii => kept,
        _ => conn_id,
    };
    let is_allowed =
        |c: char| "#!()-.:/\\".contains(c) || (is_word(c) && (c.is_ascii() || !is_ascii));
    let is_valid =
        !kept.is_empty() && kept.chars().all(is_allowed) && conn_id.chars().count() <= MAX_LENGTH;
    is_valid.then(|| kept.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::airflow_version::AirflowVersion;

    const SERVER: Model = Model {
        class: Class::Server,
        version: AirflowVersion::V3_3,
    };
    const WORKER: Model = Model {
        class: Class::Worker,
        ..SERVER
    };

    #[test]
    fn the_server_drops_an_id_with_other_characters() {
        for conn_id in ["", "a b", "a\n\n", "\na", "a?", "a\u{301}", "a\0", "é€"] {
            assert_eq!(stored(SERVER, conn_id), None, "{conn_id:?}");
            assert_eq!(stored(WORKER, conn_id).as_deref(), Some(conn_id));
        }
    }

    #[test]
    fn the_server_keeps_letters_of_any_script() {
        for conn_id in ["a", "é中٣", "A_b#c!(d)-.e:/\\9"] {
            assert_eq!(stored(SERVER, conn_id).as_deref(), Some(conn_id));
        }
        assert_eq!(stored(SERVER, "a\n").as_deref(), Some("a"));
        assert_eq!(stored(WORKER, "a\n").as_deref(), Some("a\n"));
    }

    #[test]
    fn the_server_counts_characters_before_it_drops_the_line_break() {
        assert!(stored(SERVER, &"é".repeat(250)).is_some());
        assert!(stored(SERVER, &"a".repeat(251)).is_none());
        assert!(stored(SERVER, &format!("{}\n", "a".repeat(250))).is_none());
    }

    #[test]
    fn airflow_2_knows_letters_of_ascii_only() {
        let model = Model::server(AirflowVersion::V2_11);
        for conn_id in ["é", "中", "٣", "a\n"] {
            assert_eq!(stored(model, conn_id), None, "{conn_id:?}");
        }
        let conn_id = "A_b#c!(d)-.e:/\\9";
        assert_eq!(stored(model, conn_id).as_deref(), Some(conn_id));
    }
}

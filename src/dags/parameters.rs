//! Which names of parameters and keys stand for a connection id.
//!
//! The surprising rule: `connection_id` is a connection in some classes and an id of another system in others, so what is called
//! decides.

/// Parts of import paths whose classes and decorators take a connection as `connection_id`.
const TAKE_CONNECTION_ID: [&str; 5] = [
    "datacoves",
    "cosmos",
    "ms_teams",
    "msteams",
    "microsoft_teams",
];

/// Whether a parameter, keyword or key of this name takes a connection id.
pub(super) fn names_connection(name: &str) -> bool {
    name == "conn_id" || name.ends_with("_conn_id")
}

/// Whether `connection_id` is a connection id in what this path leads to.
pub(super) fn takes_connection_id(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    TAKE_CONNECTION_ID.iter().any(|part| path.contains(part))
}

/// Whether a call of this name makes or manages connections, and uses none.
pub(super) fn manages_connections(name: &str) -> bool {
    const VERBS: [&str; 10] = [
        "add", "create", "delete", "remove", "set", "update", "upsert", "merge", "register", "make",
    ];
    match name {
        "Connection" | "filter_by" | "filter" | "debug" | "info" | "warning" | "error"
        | "exception" | "bind" => true,
        name => {
            name.contains("conn")
                && VERBS.iter().any(|verb| {
                    name.strip_prefix(verb)
                        .is_some_and(|rest| rest.starts_with('_'))
                })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_connection_ids() {
        for (name, expected) in [
            ("conn_id", true),
            ("dest_postgress_conn_id", true),
            ("connection_id", false),
            ("conn_ids", false),
            ("conn_id_ingest", false),
            ("conn", false),
            ("select_conn", false),
            ("CONN_ID", false),
        ] {
            assert_eq!(names_connection(name), expected, "{name}");
        }
        for (name, expected) in [
            ("Connection", true),
            ("create_connection", true),
            ("add_conn", true),
            ("setup_conn", false),
            ("create_engine", false),
            ("get_conn", false),
        ] {
            assert_eq!(manages_connections(name), expected, "{name}");
        }
    }
}

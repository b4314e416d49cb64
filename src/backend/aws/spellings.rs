//! Names that somebody may have meant: other separators, another case, another kind's prefix.

/// Other spellings of an id.
pub fn of(id: &str) -> Vec<String> {
    vec![
        id.replace('_', "-"),
        id.replace('-', "_"),
        id.to_lowercase(),
        id.trim_matches('/').to_owned(),
    ]
}

/// Of `names` those that differ from what was asked for, each once, at most `limit`.
pub fn worth_asking(names: Vec<String>, asked: &str, limit: usize) -> Vec<String> {
    let mut worth: Vec<String> = Vec::new();
    for name in names {
        if name != asked && !name.is_empty() && !worth.contains(&name) && worth.len() < limit {
            worth.push(name);
        }
    }
    worth
}

/// The advice for a name that exists.
pub fn hint(name: &str) -> String {
    format!("`{name}` exists; check the id, and the prefix in the kwargs")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_for_is_not_asked_again() {
        let names = of("My-conn_id");
        assert_eq!(
            worth_asking(names, "My-conn_id", 9),
            ["My-conn-id", "My_conn_id", "my-conn_id"]
        );
        assert!(worth_asking(of("plain"), "plain", 9).is_empty());
    }
}

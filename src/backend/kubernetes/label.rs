//! Labels: which selector finds a secret, and which ids a label can hold at all.
//!
//! Mirrors `KubernetesSecretsBackend._get_secret` and `_is_team_specific_accessed_as_global`. The surprising rule: Airflow
//! puts the id into the selector as it is, so a comma in an id makes a second condition of it.

/// The most characters that Kubernetes allows in a label's value, and in its name without the prefix.
const LONGEST: usize = 63;

/// The selector for secrets whose label is `id` and that belong to no team.
pub fn selector(label: &str, id: &str, team_label: Option<&str>) -> String {
    match team_label {
        Some(team_label) => format!("{label}={id},!{team_label}"),
        None => format!("{label}={id}"),
    }
}

/// The selector for secrets whose label is one of `ids`, each of which a label can hold, and that belong to no team.
pub fn selector_of_many(label: &str, ids: &[&str], team_label: Option<&str>) -> String {
    let one_of = format!("{label} in ({})", ids.join(","));
    match team_label {
        Some(team_label) => format!("{one_of},!{team_label}"),
        None => one_of,
    }
}

/// `re.fullmatch(r"_[^_]+___.+", id)`: the id reads like one that belongs to a team.
pub fn names_a_team(id: &str) -> bool {
    let Some((team, rest)) = id.strip_prefix('_').and_then(|id| id.split_once('_')) else {
        return false;
    };
    let own_part = rest.strip_prefix("__").unwrap_or_default();
    !team.is_empty() && !own_part.is_empty() && !own_part.contains('\n')
}

/// Why no label can have this value, if none can.
pub fn problem_with_value(value: &str) -> Option<&'static str> {
    if value.len() > LONGEST {
        Some("a label value has at most 63 characters")
    } else if !value.chars().all(is_allowed) {
        Some("a label value holds ASCII letters, digits, `-`, `_` and `.` only")
    } else if !has_firm_ends(value) {
        Some("a label value begins and ends with an ASCII letter or a digit")
    } else {
        None
    }
}

/// Why no label leads to a secret with this id, if none does.
pub fn why_no_secret_has(id: &str) -> Option<String> {
    let problem = problem_with_value(id)?;
    Some(format!("no secret can have this id in a label: {problem}"))
}

/// Whether a label can have this key: a name, or a DNS name, `/` and a name.
pub fn is_key(key: &str) -> bool {
    let (prefix, name) = key.split_once('/').unwrap_or(("kubernetes.io", key));
    let is_dns_name = prefix
        .chars()
        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.'));
    is_dns_name && !prefix.is_empty() && !name.is_empty() && problem_with_value(name).is_none()
}

fn is_allowed(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.')
}

fn has_firm_ends(value: &str) -> bool {
    let is_firm = |end: Option<char>| end.is_none_or(|end| end.is_ascii_alphanumeric());
    is_firm(value.chars().next()) && is_firm(value.chars().next_back())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_selector_leaves_out_what_belongs_to_a_team() {
        assert_eq!(selector("a/b", "id", Some("a/team")), "a/b=id,!a/team");
        assert_eq!(selector("a/b", "x,y=z", None), "a/b=x,y=z");
    }

    #[test]
    fn an_id_of_a_team_is_told_as_pythons_expression_tells_it() {
        for id in ["_team___x", "_t____", "_a.b___x\u{e9}", "_\n___x"] {
            assert!(names_a_team(id), "{id:?}");
        }
        for id in [
            "",
            "_",
            "team___x",
            "_team__x",
            "_team___",
            "__team___x",
            "_____x",
            "_a_b___x",
            "_team___x\n",
            "_t___\ny",
        ] {
            assert!(!names_a_team(id), "{id:?}");
        }
    }

    #[test]
    fn a_label_value_is_checked_as_kubernetes_checks_it() {
        for value in ["", "a", "A.b-c_9", &"x".repeat(63)] {
            assert_eq!(problem_with_value(value), None, "{value:?}");
        }
        let problem = |value: &str| problem_with_value(value).unwrap_or_default();
        assert!(problem(&"x".repeat(64)).contains("63"));
        assert!(
            problem("a b").contains("only")
                && problem("caf\u{e9}").contains("only")
                && problem("a/b").contains("only")
        );
        assert!(problem("_a").contains("begins") && problem("a.").contains("begins"));
    }

    #[test]
    fn a_label_key_has_a_dns_name_before_its_slash() {
        assert!(is_key("airflow.apache.org/connection-id") && is_key("conn"));
        for key in ["", "a/", "/a", "a/b/c", "A.org/x", "a b/x", "x/-y"] {
            assert!(!is_key(key), "{key:?}");
        }
    }
}

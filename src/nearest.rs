//! "Did you mean": the known name that a misspelt one is probably meant to be.

use strsim::jaro_winkler;

/// The longest name that is compared: the time grows with the product of the lengths.
const LONGEST: usize = 200;

/// How alike two names must be for one to be a misspelling of the other, from 0 to 1.
const ALIKE: f64 = 0.82;

/// The name in `known` that `name` looks most like, if it looks like any.
pub fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let scored = known.iter().map(|known| (likeness(name, known), *known));
    let best = scored.max_by(|(one, _), (other, _)| one.total_cmp(other));
    best.filter(|(score, _)| *score >= ALIKE)
        .map(|(_, known)| known)
}

/// How alike two names are, whatever their case: from 0 to 1.
pub fn likeness(name: &str, known: &str) -> f64 {
    match name.len() <= LONGEST {
        true => jaro_winkler(&name.to_lowercase(), &known.to_lowercase()),
        false => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelling_is_answered_and_another_word_is_not() {
        let known = [
            "url",
            "mount_point",
            "kv_engine_version",
            "connections_path",
        ];
        for (written, meant) in [
            ("mountpoint", Some("mount_point")),
            ("Mount_Point", Some("mount_point")),
            ("kv_version", Some("kv_engine_version")),
            ("connection_path", Some("connections_path")),
            ("vault_token", None),
            ("zzz", None),
        ] {
            assert_eq!(nearest(written, &known), meant, "{written}");
        }
    }

    #[test]
    fn a_name_longer_than_any_is_not_compared() {
        assert_eq!(
            nearest(&"mount_point".repeat(1 << 20), &["mount_point"]),
            None
        );
    }
}

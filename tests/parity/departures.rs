//! The departures from Airflow that are meant, each by the words that docs/differences.md has for it.
//!
//! Each is as narrow as it can be: it names what both programs did, not only where the case comes from.

use super::case::{Case, Family, Release};
use super::observed::{Observed, Said};
use super::server::is_google_name;

/// A departure.
struct Departure {
    /// A phrase of its entry in docs/differences.md.
    words: &'static str,
    holds: fn(&Case, &Observed, &Observed) -> bool,
}

const DEPARTURES: &[Departure] = &[
    Departure {
        words: "Kwargs that are not a JSON object",
        holds: |_, airflow, ours| {
            dropped_kwargs(airflow) && stopped_with(ours, "backend kwargs from")
        },
    },
    Departure {
        words: "a bare `$NAME` where JSON wants a string",
        holds: |_, airflow, ours| {
            dropped_kwargs(airflow) && ours.notes.iter().any(|note| note == "kwargs repaired")
        },
    },
    Departure {
        words: "`_CMD` that fails or prints nonsense",
        holds: |_, airflow, ours| {
            dropped_kwargs(airflow)
                && (stopped_with(ours, "_CMD`") || stopped_with(ours, "backend_kwargs_cmd`"))
        },
    },
    Departure {
        words: "A `[core] multi_team` that is neither true nor false",
        holds: |case, airflow, ours| {
            let is_no_text = failed_with(airflow, "InterpolationSyntaxError")
                || failed_with(airflow, "InterpolationMissingOptionError");
            let is_read = case.release == Release::V3_3 || airflow.failures().next().is_some();
            if !is_read {
                return false;
            }
            stopped_with(ours, "is neither `True` nor `False`")
                || (is_no_text && stopped_with(ours, "a `%` in the value"))
        },
    },
    Departure {
        words: "Unpaired surrogates",
        holds: |_, _, ours| {
            let words = ["is half of a pair", "is half of a surrogate pair"];
            words
                .iter()
                .any(|words| stopped_with(ours, words) || refused_with(ours, words))
        },
    },
    Departure {
        words: "A connection whose port is a list or object",
        holds: |_, _, ours| refused_with(ours, "has no form in a URI"),
    },
    Departure {
        words: "Of YAML, these are refused where they are asked for",
        holds: |_, _, ours| {
            let words = [
                "which has no form in JSON",
                "which JSON does not allow",
                "a mapping that merges itself",
                "that JSON writes alike",
                "a list or mapping that holds itself",
                "a whole number of more than 4300 digits",
            ];
            words.iter().any(|words| refused_with(ours, words))
        },
    },
    Departure {
        words: "In lookup patterns",
        holds: |_, _, ours| refused_with(ours, "which secretctl does not read"),
    },
    Departure {
        words: "commands and backend requests of options that no lookup needs are not made",
        holds: |case, airflow, _| {
            let has_command = |(_, text): &(String, String)| text.contains("_cmd");
            let errors = [
                "PermissionError",
                "FileNotFoundError",
                "IndexError",
                "ValueError",
                "OSError",
            ];
            case.files.iter().any(has_command)
                && errors.iter().any(|error| stopped_with(airflow, error))
        },
    },
    Departure {
        words: "A refused permission is exit 4",
        holds: |case, _, ours| {
            case.family == Family::CloudSecretManager
                && failed_with(ours, "permission `secretmanager.versions.access`")
        },
    },
    Departure {
        words: "A name that no secret can have is not asked for",
        holds: |case, airflow, ours| {
            let is_name = |request: &String| is_google_name(request.trim_start_matches("GET "));
            case.family == Family::CloudSecretManager
                && airflow.found == ours.found
                && ours.requests.is_empty()
                && !airflow.requests.iter().any(is_name)
        },
    },
    Departure {
        words: "A labelled secret without its data key is exit 8",
        holds: |case, _, ours| {
            case.family == Family::Kubernetes && failed_with(ours, "has no data key")
        },
    },
    Departure {
        words: "Secrets Manager's InternalServiceError and DecryptionFailure are failures",
        holds: |case, _, ours| {
            case.family == Family::SecretsManager && failed_with(ours, "DecryptionFailure")
        },
    },
    Departure {
        words: "An address is refused",
        holds: |case, _, ours| {
            let is_odd = |(_, value): &(String, String)| {
                let odd = ["{server}?", "{server}#", "{server}/%2e%2e"];
                odd.iter().any(|odd| value.contains(odd))
            };
            case.family == Family::Vault
                && case.env.iter().any(is_odd)
                && refused_with(ours, "address that Airflow asks for a secret at")
        },
    },
    Departure {
        words: "A secret without the key `value` is exit 8",
        holds: |case, _, ours| {
            case.family == Family::Vault && failed_with(ours, "it has no key `value`")
        },
    },
];

/// The words of every departure.
pub fn all_words() -> impl Iterator<Item = &'static str> {
    DEPARTURES.iter().map(|departure| departure.words)
}

/// Airflow found kwargs that are no JSON object, and went on without any.
fn dropped_kwargs(airflow: &Observed) -> bool {
    airflow.notes.iter().any(|note| note == "kwargs dropped")
}

fn stopped_with(observed: &Observed, words: &str) -> bool {
    observed
        .stopped
        .as_ref()
        .is_some_and(|why| why.contains(words))
}

/// The last layer that was asked failed with these words, and nothing was found: no later layer answered in its place.
fn refused_with(observed: &Observed, words: &str) -> bool {
    observed.found.is_none()
        && observed
            .layers
            .last()
            .is_some_and(|layer| layer.said == Said::Failed && layer.words.contains(words))
}

/// A layer failed with these words.
fn failed_with(observed: &Observed, words: &str) -> bool {
    observed.failures().any(|failure| failure.contains(words))
}

/// Why secretctl does something else with this case, if it is meant to.
pub fn reason(case: &Case, airflow: &Observed, ours: &Observed) -> Option<&'static str> {
    DEPARTURES
        .iter()
        .find(|departure| (departure.holds)(case, airflow, ours))
        .map(|departure| departure.words)
}

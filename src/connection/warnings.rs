//! What Airflow accepts of a URI but nobody means. No warning quotes the URI.
//!
//! The surprising rule behind most of them: text that is no URI still makes a connection, with all of it in the schema.

use crate::python::urllib::SplitResult;

/// The warnings for the URI `text`, its scheme, and the parts that Airflow takes its fields from.
pub(super) fn of_uri(text: &str, scheme: &str, parts: &SplitResult) -> Vec<String> {
    let missing = if looks_like_json(text) {
        Some("the value looks like JSON, but Airflow reads it as a URI, and little of it is left")
    } else if is_in_quotes(text) {
        Some(
            "the value begins and ends with a quote, which is a part of the URI to Airflow: take both away",
        )
    } else if scheme.is_empty() {
        Some(why_no_scheme(text))
    } else if !text.contains("://") {
        Some(
            "the URI has no `://`: what stands before its first `:` is the connection type, and there is no host; begin it \
             with the type, as in `postgres://`",
        )
    } else {
        None
    };
    let lost_host = (!scheme.is_empty() && text.matches(&format!("{scheme}://")).count() > 1).then_some(
        "the same scheme stands in the URI twice: Airflow takes both out and loses the host; write the second as \
         `%3A%2F%2F`",
    );
    let has_late_user = parts.username().is_none() && parts.path.expose().contains('@');
    let late_user = (missing.is_none() && has_late_user).then_some(
        "an `@` stands in the path and none before it: if it was to end the user and password, write the `/` in them \
         as `%2F`",
    );
    [missing, lost_host, late_user]
        .into_iter()
        .flatten()
        .map(str::to_string)
        .collect()
}

/// An object or array, perhaps in quotes or after a byte order mark.
fn looks_like_json(text: &str) -> bool {
    text.trim_start_matches(['\u{feff}', '"', '\'', ' '])
        .starts_with(['{', '['])
}

/// In quotes that a shell would have taken away and an env file may keep.
fn is_in_quotes(text: &str) -> bool {
    let quotes = ['"', '\''];
    let quote = text.chars().next().filter(|c| quotes.contains(c));
    text.len() > 1 && quote.is_some_and(|quote| text.ends_with(quote))
}

fn why_no_scheme(text: &str) -> &'static str {
    let before_colon = text.split(':').next().unwrap_or(text);
    if text.contains("://") && before_colon.contains('_') {
        "the connection type is empty: a URI's scheme cannot hold `_`, write `-`"
    } else {
        "the connection type is empty: the URI does not start with a scheme such as `postgres://`"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::python::urllib::urlsplit;

    fn warnings(text: &str) -> String {
        let parts = urlsplit(text).unwrap();
        of_uri(text, parts.scheme.expose(), &parts).join("\n")
    }

    #[test]
    fn a_sound_uri_has_none() {
        for text in [
            "mysql://u:p@h:1/d?a=b@c",
            "x://u@h/a@b",
            "http://https://h/x",
            "x://[::1]",
        ] {
            assert_eq!(warnings(text), "", "{text}");
        }
    }

    #[test]
    fn json_that_became_a_uri() {
        for text in [
            "{\"host\": \"h\"}",
            "\u{feff}{}",
            "[1]",
            "'{\"a\":1}'",
            "\"{}\"",
        ] {
            assert!(warnings(text).contains("looks like JSON"), "{text}");
        }
    }

    #[test]
    fn a_uri_in_quotes() {
        for text in ["\"postgres://h\"", "'postgres://h'", "\"\""] {
            let warnings = warnings(text);
            assert!(
                warnings.starts_with("the value begins and ends with a quote"),
                "{text}"
            );
            assert_eq!(warnings.lines().count(), 1, "{warnings}");
        }
    }

    #[test]
    fn an_empty_connection_type() {
        assert!(warnings("my_sql://h").contains("cannot hold `_`"));
        for text in ["", "://h", "1a://h", "some_password"] {
            assert!(
                warnings(text).contains("does not start with a scheme"),
                "{text}"
            );
        }
    }

    #[test]
    fn a_host_and_port_that_became_a_type_and_schema() {
        for text in ["localhost:5432", "user:password@host", "x:/h"] {
            assert!(warnings(text).contains("no `://`"), "{text}");
        }
    }

    #[test]
    fn a_host_that_is_lost() {
        assert!(warnings("https://https://h").contains("twice"));
        assert!(warnings("http://h/x?u=http://z").contains("twice"));
    }

    #[test]
    fn a_slash_in_the_user() {
        assert!(warnings("x://us/er:pw@h/d").contains("%2F"));
    }
}

//! Names and connection fields as the provider's own class makes them.

use super::*;
use crate::backend::Backend;
use crate::backend::aws::SecretsManagerBackend;
use crate::backend::aws::tests::{parsed, surroundings};
use crate::secret_kind::SecretId;

fn open(kwargs: &str) -> Result<SecretsManagerBackend, KwargError> {
    let kwargs = parsed(kwargs);
    let kwargs = Kwargs::new(SecretsManager::FACTS.class, &kwargs);
    let (backend, _) = SecretsManagerBackend::open(kwargs, &surroundings(false))?;
    Ok(backend)
}

#[test]
fn a_prefix_loses_every_trailing_character_of_the_separator() {
    for (kwargs, id, name) in [
        ("{}", "hello", "airflow/variables/hello"),
        ("{}", "/hello", "airflow/variables//hello"),
        (r#"{"variables_prefix": ""}"#, "hello", "hello"),
        (r#"{"variables_prefix": "/"}"#, "/hello", "/hello"),
        (r#"{"variables_prefix": "//a//"}"#, "hello", "//a/hello"),
        (
            r#"{"variables_prefix": "a-/-", "sep": "/-"}"#,
            "hello",
            "a/-hello",
        ),
        (
            r#"{"variables_prefix": "a/", "sep": ""}"#,
            "hello",
            "a/hello",
        ),
        (
            r#"{"variables_prefix": "airflow", "sep": "wo"}"#,
            "hello",
            "airflwohello",
        ),
        (r#"{"sep": "s"}"#, "hello", "airflow/variableshello"),
        (r#"{"variables_prefix": 0}"#, "hello", "hello"),
        (r#"{"variables_prefix": []}"#, "hello", "hello"),
        (r#"{"variables_prefix": null}"#, "hello", ""),
    ] {
        assert_eq!(
            open(kwargs)
                .unwrap()
                .locate(&SecretId::new(SecretKind::Variable, id))
                .places(),
            name,
            "{kwargs} {id}"
        );
    }
    assert!(open(r#"{"variables_prefix": 5}"#).is_err());
    assert!(open(r#"{"sep": null}"#).is_err());
}

fn rewritten(kwargs: &str, stored: &str) -> Result<String, AwsError> {
    let text = open(kwargs)?.service.words.connection_text(stored.into())?;
    Ok(text.expose().to_owned())
}

#[test]
fn the_first_name_in_the_secret_counts() {
    let stored = r#"{"username": "first", "login": "second", "key": 1, "description": "lost"}"#;
    let expected = r#"{"login": "first", "password": 1, "host": null, "port": null, "schema": null, "conn_type": null, "extra": null}"#;
    assert_eq!(rewritten("{}", stored).unwrap(), expected);
    assert_eq!(rewritten("{}", " smtp://h ").unwrap(), " smtp://h ");
    assert_eq!(rewritten("{}", "[1]").unwrap(), "[1]");
}

#[test]
fn further_names_extend_a_list_as_python_does() {
    let login = |kwargs: &str| {
        rewritten(kwargs, r#"{"q": "u"}"#)
            .unwrap()
            .starts_with(r#"{"login": "u""#)
    };
    assert!(login(r#"{"extra_conn_words": {"user": ["q"]}}"#));
    assert!(login(r#"{"extra_conn_words": {"login": "qr"}}"#));
    assert!(login(r#"{"extra_conn_words": {"login": {"q": 1}}}"#));
    assert!(!login(r#"{"extra_conn_words": {"login": [5]}}"#));
}

#[test]
fn words_that_airflow_fails_on_fail_connections_in_json_only() {
    for words in [r#"{"nope": ["x"]}"#, r#"{"login": null}"#, "[1]"] {
        let kwargs = format!("{{\"extra_conn_words\": {words}}}");
        assert!(rewritten(&kwargs, "{}").is_err(), "{words}");
        assert_eq!(rewritten(&kwargs, "smtp://h").unwrap(), "smtp://h");
    }
}

#[test]
fn what_is_not_json_is_told_without_the_text() {
    let error = rewritten("{}", "{\"password\": \"the-secret-text\", }").unwrap_err();
    assert!(
        error.to_string().contains("expecting a property name"),
        "{error}"
    );
    assert!(!format!("{error} {error:?}").contains("the-secret-text"));
}

//! What `LocalFilesystemBackend` of Airflow 3.3.2 and of older releases answered, recorded, and what cannot be recorded.

mod recorded;

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value as Json, json};
use tempfile::TempDir;

use super::*;
use crate::airflow_version::AirflowVersion;
use crate::python::json::Dict;
use crate::testing::block_on;

/// A file in a directory of its own.
struct Fixture {
    directory: TempDir,
    name: String,
}

impl Fixture {
    fn new(name: &str, content: impl AsRef<[u8]>) -> Self {
        let fixture = Self {
            directory: tempfile::tempdir().unwrap(),
            name: name.to_owned(),
        };
        std::fs::create_dir_all(fixture.path().parent().unwrap()).unwrap();
        std::fs::write(fixture.path(), content).unwrap();
        fixture
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join(&self.name)
    }

    fn get(&self, kind: SecretKind, id: &str) -> Result<Answer, BackendError> {
        self.get_by(AirflowVersion::default(), kind, id)
    }

    fn get_by(
        &self,
        version: AirflowVersion,
        kind: SecretKind,
        id: &str,
    ) -> Result<Answer, BackendError> {
        let path = Value::text(self.path().to_str().unwrap());
        let kwargs = KWARGS
            .iter()
            .filter(|kwarg| **kwarg != CONFIGS_FILE_PATH || version.has_configs_file())
            .map(|kwarg| ((*kwarg).to_owned(), path.clone()))
            .collect();
        read(&open_by(version, &kwargs), kind, id)
    }

    fn error(&self, kind: SecretKind, id: &str) -> String {
        self.get(kind, id)
            .unwrap_err()
            .to_string()
            .replace(self.directory.path().to_str().unwrap(), "DIR")
    }

    /// Why the id is not there.
    fn reason(&self, kind: SecretKind, id: &str) -> Option<String> {
        match self.get(kind, id).unwrap() {
            Answer::Absent(reason) => reason,
            _ => unreachable!("`{id}` is there"),
        }
    }
}

fn read(
    backend: &LocalFilesystemBackend,
    kind: SecretKind,
    id: &str,
) -> Result<Answer, BackendError> {
    let deadline = Deadline::after(Duration::from_secs(20));
    match backend.locate(&SecretId::new(kind, id)) {
        Location::At(secret) => block_on(backend.get(&secret, deadline)),
        Location::Skipped(why) => Ok(Answer::Absent(Some(why))),
    }
}

fn open(kwargs: &Dict) -> LocalFilesystemBackend {
    open_by(AirflowVersion::default(), kwargs)
}

fn open_by(version: AirflowVersion, kwargs: &Dict) -> LocalFilesystemBackend {
    let kwargs = Kwargs::new("LocalFilesystemBackend", kwargs);
    LocalFilesystemBackend::open(kwargs, version).unwrap()
}

fn open_json(kwargs: &Json) -> LocalFilesystemBackend {
    match crate::python::json::loads(&kwargs.to_string()).unwrap() {
        Value::Dict(kwargs) => open(&kwargs),
        _ => unreachable!("kwargs are an object"),
    }
}

#[test]
fn an_unset_path_is_skipped() {
    for kwargs in [
        json!({}),
        json!({"variables_file_path": ""}),
        json!({"variables_file_path": null}),
    ] {
        let backend = open_json(&kwargs);
        let skipped = Location::Skipped("`variables_file_path` is not set".to_owned());
        assert_eq!(
            backend.locate(&SecretId::new(SecretKind::Variable, "A")),
            skipped
        );
        assert!(matches!(
            read(&backend, SecretKind::Variable, "A"),
            Ok(Answer::Absent(Some(_)))
        ));
    }
}

#[test]
fn each_kind_has_a_file_of_its_own() {
    let backend = open_json(&json!({
        "variables_file_path": "v.env", "connections_file_path": "c.env", "configs_file_path": "g.env",
    }));
    let place = |kind| backend.locate(&SecretId::new(kind, "A")).to_string();
    assert_eq!(place(SecretKind::Variable), "v.env#A");
    assert_eq!(place(SecretKind::Connection), "c.env#A");
    assert_eq!(place(SecretKind::Config), "g.env#A");
}

#[test]
fn another_type_fails_the_lookup() {
    let backend = open_json(&json!({"connections_file_path": ["c.env"]}));
    let error = read(&backend, SecretKind::Connection, "A").unwrap_err();
    assert_eq!(
        error.to_string(),
        "`connections_file_path` is of type `list`, not text"
    );
}

#[test]
fn a_file_that_cannot_be_read_is_an_error() {
    let get = |path: &str| {
        read(
            &open_json(&json!({"variables_file_path": path})),
            SecretKind::Variable,
            "A",
        )
    };
    let missing = get("/nonexistent/x.json").unwrap_err();
    assert!(missing.to_string().ends_with("does not exist"));
    assert!(missing.hint().unwrap().contains("relative path"));
    let home = get("~/x.json").unwrap_err();
    assert!(home.hint().unwrap().contains("does not expand `~`"));
    let directory = tempfile::Builder::new().suffix(".json").tempdir().unwrap();
    let directory = get(directory.path().to_str().unwrap()).unwrap_err();
    assert!(
        directory
            .to_string()
            .ends_with("is a directory, not a file")
    );
    let latin = Fixture::new("v.env", b"A=1\nB=caf\xe9\n");
    assert!(latin.error(SecretKind::Variable, "A").contains("line 2"));
    let huge = Fixture::new("v.env", vec![b'x'; (16 << 20) + 1]);
    assert!(
        huge.error(SecretKind::Variable, "A")
            .contains("larger than 16777216 bytes")
    );
}

#[test]
fn a_named_pipe_is_read_to_its_end() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("v.env");
    assert!(
        std::process::Command::new("mkfifo")
            .arg(&path)
            .status()
            .unwrap()
            .success()
    );
    let writer = std::thread::spawn({
        let path = path.clone();
        move || std::fs::write(path, "A=1\n").unwrap()
    });
    let backend = open_json(&json!({"variables_file_path": path.to_str().unwrap()}));
    let answer = read(&backend, SecretKind::Variable, "A").unwrap();
    writer.join().unwrap();
    assert!(matches!(answer, Answer::Found(Secret::Text(text)) if text.expose() == "1"));
}

#[test]
fn errors_name_the_entry_and_none_of_the_values() {
    let cases = [
        (
            "c.env",
            "A=mysql://h\nB=mysql://u:hunter2@h:hunter2\n",
            "`DIR/c.env` line 2, key `B`",
        ),
        (
            "c.json",
            r#"{"A":"mysql://h","B":{"extra":"hunter2"}}"#,
            "`DIR/c.json` key `B`",
        ),
        (
            "c.json",
            r#"{"B":["hunter2","hunter2"]}"#,
            "`DIR/c.json` key `B`: it has 2 values instead of one",
        ),
        (
            "c.json",
            r#"{"B":{"conn_id":"hunter2"}}"#,
            "`DIR/c.json` key `B`",
        ),
        (
            "c.json",
            r#"{"B":{"password":["hunter2"]}}"#,
            "`DIR/c.json` key `B`",
        ),
        (
            "c.json",
            r#"{"B":{"login" "hunter2"}}"#,
            "`DIR/c.json` is not JSON: ",
        ),
        (
            "c.yaml",
            "A: mysql://h\n\nB: {uri: 'hunter2:hunter2', host: hunter2}\n",
            "`DIR/c.yaml` line 3, key `B`",
        ),
        (
            "c.yaml",
            "B: *hunter2\n",
            "`DIR/c.yaml` cannot be loaded as YAML: ",
        ),
        (
            "c.env",
            "A=1\nhunter2\n",
            "`DIR/c.env` line 2: there is no `=`",
        ),
        (
            "c.env",
            "A=1\n=hunter2\n",
            "`DIR/c.env` line 2: there is no key before the `=`",
        ),
    ];
    for (name, content, start) in cases {
        let fixture = Fixture::new(name, content);
        let error = fixture.error(SecretKind::Connection, "A");
        assert!(error.starts_with(start), "{error}");
        let error = fixture.get(SecretKind::Connection, "A").unwrap_err();
        let shown = format!("{error} {error:?} {:?}", error.hint());
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}

#[test]
fn a_key_is_shown_short_and_without_control_characters() {
    let fixture = Fixture::new(
        "v.json",
        format!("{{\"\\u001b[31m{}\": []}}", "k".repeat(500)),
    );
    let error = fixture.error(SecretKind::Config, "A");
    assert!(
        error.contains("key `\\u{1b}[31mkkk") && error.len() < 300,
        "{error}"
    );
}

#[test]
fn a_file_named_env_is_told_apart() {
    let fixture = Fixture::new(".env", "A=1\n");
    assert!(
        fixture
            .error(SecretKind::Variable, "A")
            .starts_with("`DIR/.env` does not end in `.env`")
    );
    assert!(
        fixture
            .get(SecretKind::Variable, "A")
            .unwrap_err()
            .hint()
            .unwrap()
            .contains("no extension")
    );
}

#[test]
fn what_was_nearly_found_is_told() {
    let reason =
        |name, content: &str, id| Fixture::new(name, content).reason(SecretKind::Variable, id);
    let number = reason("v.yaml", "1: x\n", "1").unwrap();
    assert!(
        number.contains("Python `int`") && number.contains("quotes"),
        "{number}"
    );
    assert!(
        reason("v.env", "export A=1\n", "A")
            .unwrap()
            .contains("`export A`")
    );
    assert!(reason("v.env", "A =1\n", "A").unwrap().contains("`A `"));
    assert!(
        reason("v.json", r#"{"a":"1"}"#, "A")
            .unwrap()
            .contains("`a`")
    );
    assert_eq!(
        reason("v.json", r#"{"A":null}"#, "A").unwrap(),
        "its value is null"
    );
    assert_eq!(reason("v.json", r#"{"B":"1"}"#, "A"), None);
}

#[test]
fn a_long_text_in_many_connections_is_kept_a_few_times() {
    for field in ["password: *p", "extra: {k: *p}"] {
        let mut yaml = format!(
            "x: &x {{password: &p {}}}\nA: 'http://h'\n",
            "z".repeat(1 << 20)
        );
        for number in 0..100 {
            yaml += &format!("c{number}: {{{field}}}\n");
        }
        let fixture = Fixture::new("c.yaml", yaml);
        let error = fixture.get(SecretKind::Connection, "A").unwrap_err();
        assert!(
            error.to_string().contains("the values are larger"),
            "{error}"
        );
        assert!(error.is_own_refusal());
    }
}

#[test]
fn a_bomb_in_another_entry_does_no_harm_to_a_variable() {
    let mut yaml = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..10 {
        yaml += &format!(
            "a{level}: &a{level} [{}]\n",
            vec![format!("*a{}", level - 1); 10].join(", ")
        );
    }
    let fixture = Fixture::new("v.yaml", yaml + "A: s\n");
    assert!(matches!(
        fixture.get(SecretKind::Variable, "A"),
        Ok(Answer::Found(Secret::Text(_)))
    ));
    assert!(
        fixture
            .error(SecretKind::Variable, "a9")
            .contains("line 10, key `a9`")
    );
    assert!(fixture.get(SecretKind::Connection, "A").is_err());
}

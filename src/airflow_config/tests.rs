use std::io::Write;
use std::time::Duration;

use super::*;
use crate::airflow_version::AirflowVersion;
use crate::failure::Fault;
use crate::testing::block_on;

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(20))
}

/// A configuration of these variables and this airflow.cfg.
struct Fixture {
    config: AirflowConfig,
    _home: tempfile::TempDir,
}

fn load(variables: &[(&str, &str)], cfg: &str) -> Fixture {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("airflow.cfg"), cfg).unwrap();
    let own = [
        ("AIRFLOW_HOME", home.path().to_str().unwrap()),
        ("PATH", "/usr/bin:/bin"),
    ];
    let env = Env::from_pairs(variables.iter().copied().chain(own));
    Fixture {
        config: block_on(AirflowConfig::load(env, true, soon())).unwrap(),
        _home: home,
    }
}

fn option(fixture: &Fixture, section: &str, key: &str) -> Option<String> {
    match block_on(fixture.config.option(section, key, soon())).unwrap()? {
        Found::Value(setting) => Some(setting.value.expose().to_owned()),
        Found::InBackend(request) => Some(format!("in backend: {}", request.key)),
    }
}

fn load_error(variables: &[(&str, &str)]) -> ConfigError {
    let env = Env::from_pairs(variables.iter().copied());
    block_on(AirflowConfig::load(env, true, soon())).unwrap_err()
}

#[test]
fn each_place_wins_over_the_ones_after_it() {
    let key = "AIRFLOW__CORE__FERNET_KEY";
    let cfg = |lines: &str| format!("[core]\n{lines}");
    let all = "fernet_key=file\nfernet_key_cmd=echo file command\nfernet_key_secret=file/secret\n";
    let (command, secret) = (format!("{key}_CMD"), format!("{key}_SECRET"));
    let (command, secret) = (
        (command.as_str(), "echo command"),
        (secret.as_str(), "secret"),
    );
    type Variables<'a> = &'a [(&'a str, &'a str)];
    let cases: [(Variables, String, Option<&str>); 8] = [
        (&[(key, "value"), command, secret], cfg(all), Some("value")),
        (&[(key, ""), command], cfg(all), Some("")),
        (&[command, secret], cfg(all), Some("command\n")),
        (&[secret], cfg(all), Some("in backend: secret")),
        (&[], cfg(all), Some("file")),
        (
            &[],
            cfg("fernet_key_secret=x\nfernet_key_cmd=echo file command"),
            Some("file command\n"),
        ),
        (
            &[],
            cfg("fernet_key_cmd=true\nfernet_key_secret=x"),
            Some("in backend: x"),
        ),
        (&[], cfg(""), None),
    ];
    for (variables, cfg, expected) in cases {
        let fixture = load(variables, &cfg);
        assert_eq!(
            option(&fixture, "core", "fernet_key").as_deref(),
            expected,
            "{variables:?} {cfg}"
        );
    }
}

#[test]
fn only_sensitive_options_may_be_indirect() {
    let fixture = load(
        &[
            ("AIRFLOW__CORE__DAGS_FOLDER_CMD", "echo x"),
            ("AIRFLOW__CORE__DAGS_FOLDER_SECRET", "x"),
        ],
        "[core]\ndags_folder_cmd=echo x\ndags_folder_secret=x",
    );
    assert_eq!(option(&fixture, "core", "dags_folder"), None);
}

#[test]
fn values_are_expanded_but_not_what_commands_print_or_backends_are_asked() {
    let fixture = load(
        &[
            ("HOME", "/h"),
            ("FOO", "bar"),
            ("AIRFLOW__CORE__FERNET_KEY_CMD", "echo $FOO"),
            ("AIRFLOW__A_B__C", "~/$FOO"),
        ],
        "[core]\nexecutor=%%$FOO\n[sentry]\nsentry_dsn_secret=$FOO",
    );
    assert_eq!(
        option(&fixture, "core", "executor").as_deref(),
        Some("%bar")
    );
    assert_eq!(option(&fixture, "a.b", "c").as_deref(), Some("/h/bar"));
    assert_eq!(
        option(&fixture, "core", "fernet_key").as_deref(),
        Some("$FOO\n")
    );
    assert_eq!(
        option(&fixture, "sentry", "sentry_dsn").as_deref(),
        Some("in backend: $FOO")
    );
}

#[test]
fn the_former_place_of_an_option_is_tried_after_each_place_of_today() {
    let key = ("database", "sql_alchemy_conn");
    let cfg = "[database]\nsql_alchemy_conn=today\n[core]\nsql_alchemy_conn=former";
    assert_eq!(
        option(&load(&[], cfg), key.0, key.1).as_deref(),
        Some("today")
    );
    let former = [("AIRFLOW__CORE__SQL_ALCHEMY_CONN", "former variable")];
    assert_eq!(
        option(&load(&former, cfg), key.0, key.1).as_deref(),
        Some("former variable")
    );
}

#[test]
fn a_backend_without_an_answer_leaves_the_places_after_it() {
    let variables = [("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_SECRET", "variable")];
    let former = ("AIRFLOW__CORE__SQL_ALCHEMY_CONN", "former variable");
    let next = |fixture: &Fixture| {
        let (config, section, key) = (&fixture.config, "database", "sql_alchemy_conn");
        let found = block_on(config.option(section, key, soon())).unwrap();
        let Some(Found::InBackend(request)) = found else {
            panic!("not in the backend");
        };
        let next = config.option_after_secret(section, key, &request, soon());
        (request.is_answered_by(Some("")), block_on(next).unwrap())
    };
    let file = load(&variables, "[database]\nsql_alchemy_conn=file");
    assert!(
        matches!(next(&file), (true, Some(Found::Value(setting))) if setting.value.expose() == "file")
    );
    let both = load(&[variables[0], former], "[database]\nsql_alchemy_conn=file");
    assert!(
        matches!(next(&both), (true, Some(Found::Value(setting))) if setting.value.expose() == "former variable")
    );
    let last = load(&[], "[database]\nsql_alchemy_conn_secret=file");
    assert!(matches!(next(&last), (false, None)));
}

#[test]
fn settings_know_where_they_come_from() {
    let fixture = load(
        &[("AIRFLOW__SECRETS__BACKEND", "a.B")],
        "[secrets]\nbackend=c.D\n\nbackend_kwargs={}\nuse_cache=1\n[core]\nfernet_key_cmd=echo x",
    );
    let origin = |section, key| match block_on(fixture.config.option(section, key, soon())).unwrap()
    {
        Some(Found::Value(setting)) => setting.origin.to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        origin("secrets", "backend"),
        "environment variable `AIRFLOW__SECRETS__BACKEND`"
    );
    let cfg = fixture.config.cfg_path().display().to_string();
    assert_eq!(
        origin("secrets", "backend_kwargs"),
        format!("`backend_kwargs` in [secrets] of `{cfg}` line 4")
    );
    assert_eq!(
        origin("core", "fernet_key"),
        format!("the command in `fernet_key_cmd` in [core] of `{cfg}` line 7")
    );
}

#[test]
fn airflow_cfg_is_found_as_airflow_finds_it() {
    let path = |variables: &[(&str, &str)]| {
        let env = Env::from_pairs(variables.iter().copied());
        let config = block_on(AirflowConfig::load(env, true, soon())).unwrap();
        assert!(!config.cfg_exists());
        config.cfg_path().display().to_string()
    };
    assert_eq!(
        path(&[("HOME", "/no/home")]),
        "/no/home/airflow/airflow.cfg"
    );
    assert_eq!(
        path(&[("AIRFLOW_HOME", "$X/y"), ("X", "/no")]),
        "/no/y/airflow.cfg"
    );
    assert_eq!(path(&[("AIRFLOW_HOME", "")]), "airflow.cfg");
    assert_eq!(
        path(&[
            ("AIRFLOW_HOME", "/no"),
            ("AIRFLOW_CONFIG", "~/x.cfg"),
            ("HOME", "/none")
        ]),
        "/none/x.cfg"
    );
    assert!(load(&[], "").config.cfg_exists());
}

#[test]
fn a_cfg_that_cannot_be_used_is_an_error() {
    assert!(matches!(
        load_error(&[("AIRFLOW_CONFIG", "")]),
        ConfigError::EmptyConfigPath
    ));
    let home = tempfile::tempdir().unwrap();
    let directory = load_error(&[("AIRFLOW_CONFIG", home.path().to_str().unwrap())]);
    assert!(
        directory
            .to_string()
            .ends_with("is a directory, not a file"),
        "{directory}"
    );

    let mut file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().to_str().unwrap().to_owned();
    file.write_all(b"[secrets]\nbackend=x\nbackend=s3cret\n")
        .unwrap();
    let duplicate = load_error(&[("AIRFLOW_CONFIG", &path)]);
    assert_eq!(
        duplicate.to_string(),
        format!("`{path}` line 3: this option is already in its section")
    );
    file.write_all(b"\xe9").unwrap();
    let latin = load_error(&[("AIRFLOW_CONFIG", &path)]);
    assert_eq!(
        latin.to_string(),
        format!("airflow.cfg: `{path}` is not UTF-8 text (line 4)")
    );
    assert!(matches!(
        load_error(&[("AIRFLOW_CONFIG", "/dev/zero")]),
        ConfigError::CfgFile(TextFileError::TooLarge { .. })
    ));
}

#[test]
fn variables_without_end_are_an_error_that_names_the_option() {
    let fixture = load(
        &[
            ("A", "$B"),
            ("B", "$A"),
            ("AIRFLOW__SECRETS__BACKEND", "$A"),
        ],
        "",
    );
    let error = block_on(fixture.config.option("secrets", "backend", soon())).unwrap_err();
    assert_eq!(
        error.to_string(),
        "environment variable `AIRFLOW__SECRETS__BACKEND`: environment variables refer to each other without end: `$A` -> \
         `$B` -> `$A`"
    );
    assert!(error.hint().is_some());
}

#[test]
fn multi_team_is_a_bool_with_a_comment() {
    let multi_team = |value: &str| {
        let fixture = load(&[("AIRFLOW__CORE__MULTI_TEAM", value)], "");
        block_on(fixture.config.multi_team(soon()))
    };
    for value in ["tRuE # c", "1", " t ", "true#"] {
        assert!(multi_team(value).unwrap(), "{value}");
    }
    for value in ["False", "0", "f"] {
        assert!(!multi_team(value).unwrap(), "{value}");
    }
    assert!(!block_on(load(&[], "").config.multi_team(soon())).unwrap());
    let message = multi_team("yes").unwrap_err().to_string();
    assert_eq!(
        message,
        "environment variable `AIRFLOW__CORE__MULTI_TEAM` is neither `True` nor `False`"
    );
}

#[test]
fn no_message_of_a_setting_tells_its_value() {
    let kwargs = "AIRFLOW__SECRETS__BACKEND_KWARGS";
    let command = format!("{kwargs}_CMD");
    let backend = ("AIRFLOW__SECRETS__BACKEND", "a.B");
    let cases = [
        (command.as_str(), "s3cret 'x", ""),
        (command.as_str(), "/s3cret", ""),
        (
            command.as_str(),
            "sh -c 'echo s3cret; echo s3cret >&2; exit 1'",
            "",
        ),
        ("X", "", "[secrets]\nbackend_kwargs=s3cret%"),
        ("X", "", "[secrets]\nbackend_kwargs_cmd=false s3cret"),
        (kwargs, "{\"token\": s3cret}", ""),
    ];
    for (name, value, cfg) in cases {
        let fixture = load(&[backend, (name, value)], cfg);
        let backend = block_on(configured_backend(
            &fixture.config,
            false,
            AirflowVersion::default(),
            soon(),
        ));
        let error = match backend {
            Ok(setting) => setting
                .unwrap()
                .parse_kwargs(fixture.config.env(), &[], false)
                .unwrap_err(),
            Err(error) => error,
        };
        let told = format!("{error} {error:?} {:?} {:?}", error.hint(), fixture.config);
        assert!(!told.contains("s3cret"), "{told}");
    }
}

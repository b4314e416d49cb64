//! Wrong settings, wrong files and wrong values: a clear error with its own exit code, in bounded time, and no secret in it.

use std::ffi::OsString;
use std::fs::File;
use std::os::unix::ffi::OsStringExt as _;
use std::process::{Command, Stdio};

use crate::support::cli::Secretctl;
use serde_json::json;

const VAULT: &str = "airflow.providers.hashicorp.secrets.vault.VaultBackend";
const CANARY: &str = "s3cr3t-CANARY-0451";

/// A lookup with these kwargs, to the letter; the canary in them must not come out.
fn with_kwargs(kwargs: &str) -> Secretctl {
    let run = Secretctl::new().secret(CANARY).backend(VAULT);
    run.env("AIRFLOW__SECRETS__BACKEND_KWARGS", kwargs)
        .args(["get-var", "hello", "-vv"])
}

fn with_cfg(cfg: &str) -> Secretctl {
    Secretctl::new()
        .secret(CANARY)
        .file("airflow.cfg", cfg)
        .args(["get-var", "hello", "-vv"])
}

#[test]
fn broken_kwargs_are_told_by_their_cause() {
    for (kwargs, cause) in [
        (r#"{'token': 's3cr3t-CANARY-0451'}"#, "single quote"),
        (r#"{"token": "s3cr3t-CANARY-0451",}"#, "comma"),
        (r#"{“token”: “s3cr3t-CANARY-0451”}"#, "quote"),
        (r#"{"token": s3cr3t-CANARY-0451}"#, "quote"),
        (r#"{"token": "s3cr3t-CANARY-0451"with"}"#, "quote"),
        (r#"{"token": "s3cr3t-CANARY-0451", "verify": True}"#, "True"),
        (r#"{"token": "s3cr3t-CANARY-0451""#, "end"),
        (r#"'{"token": "s3cr3t-CANARY-0451"}'"#, "quote"),
        (r#"["s3cr3t-CANARY-0451"]"#, "list"),
        (r#""s3cr3t-CANARY-0451""#, "text"),
        (r#"{"token": "s3cr3t-CANARY-0451"} // note"#, "comment"),
        (
            r#"{"token": $UNSET_TOKEN, "password": "s3cr3t-CANARY-0451"}"#,
            "UNSET_TOKEN",
        ),
    ] {
        let output = with_kwargs(kwargs).run();
        output
            .fails_with(7)
            .says("AIRFLOW__SECRETS__BACKEND_KWARGS");
        let told = output.stderr.to_lowercase();
        assert!(
            told.contains(&cause.to_lowercase()),
            "{kwargs} lacks {cause:?}\n{output}"
        );
    }
}

#[test]
fn a_variable_that_breaks_the_json_is_named() {
    for value in [
        r#"s3cr3t-CANARY-0451"x"#,
        "s3cr3t-CANARY-0451\\",
        "s3cr3t-CANARY-0451\nx",
    ] {
        let run = with_kwargs(r#"{"token": "$TOKEN"}"#).env("TOKEN", value);
        run.run().fails_with(7).says("TOKEN");
    }
}

#[test]
fn the_caret_stands_under_the_fault_and_values_are_hidden() {
    let output = with_kwargs(r#"{"url": "s3cr3t-CANARY-0451", "token" "x"}"#).run();
    output.fails_with(7);
    let lines: Vec<&str> = output.stderr.lines().collect();
    let caret = lines
        .iter()
        .position(|line| line.trim() == "^")
        .expect("a caret");
    assert!(
        lines[caret - 1].contains(r#"{"url": "****", "token""#),
        "{output}"
    );
}

#[test]
fn a_bare_variable_is_repaired_unless_strict() {
    let run = |arguments: &[&str]| {
        let run = with_kwargs(r#"{"url":$VAULT__URL,"token": $VAULT__TOKEN}"#);
        let run = run
            .env("VAULT__URL", "http://127.0.0.1:1")
            .env("VAULT__TOKEN", CANARY);
        run.args(arguments.iter().copied()).run()
    };
    run(&[]).fails_with(6).says("Airflow drops these kwargs");
    run(&["--strict"]).fails_with(7).says("VAULT__URL");
}

#[test]
fn a_wrong_type_or_name_is_told_without_the_value() {
    let url = "http://127.0.0.1:1";
    for (kwargs, said) in [
        (
            json!({"token": [CANARY]}),
            "`token` of VaultBackend must be text, not a list",
        ),
        (
            json!({"token": "t", "kv_engine_version": "1"}),
            "must be the number 1 or 2, not text",
        ),
        (
            json!({"token": "t", "kv_engine_version": 3}),
            "`kv_engine_version`",
        ),
        (
            json!({"token": "t", "auth_type": CANARY}),
            "`auth_type` of VaultBackend must be one of approle",
        ),
        (
            json!({"token": "t", "connections_path": 5}),
            "`connections_path`",
        ),
        (
            json!({"token": "t", "url": 8200}),
            "`url` of VaultBackend must be text, not a number",
        ),
        (json!({"token": "t", "timeout": "soon"}), "`timeout`"),
        (json!({"token": "t", "verify": 5}), "`verify`"),
        (
            json!({"token": "t", "mountpoint": "m", "url": url}),
            "did you mean `mount_point`?",
        ),
        (
            json!({"token": "t", "vault_token": CANARY, "url": url}),
            "has no kwarg `vault_token`",
        ),
        (json!({"token": "line\nbreak", "url": url}), "header"),
        (
            json!({"token": "t", "url": "127.0.0.1:8200"}),
            "not an http:// or https:// address",
        ),
        (json!({"auth_type": "approle"}), "needs `role_id`"),
        (json!({}), "needs `token` or `token_path`"),
        (
            json!({"token": "t", "verify": "/nonexistent/ca.pem", "url": "https://127.0.0.1:1"}),
            "ca.pem",
        ),
        (
            json!({"token": "t", "cert": "/nonexistent/c.pem", "url": "https://127.0.0.1:1"}),
            "c.pem",
        ),
        (
            json!({"token": "t", "proxies": {"http": "::"}, "url": url}),
            "proxy",
        ),
    ] {
        with_kwargs(&kwargs.to_string())
            .run()
            .fails_with(7)
            .says(said);
    }
}

#[test]
fn a_fault_that_airflow_meets_only_at_the_lookup_falls_through() {
    let kwargs = json!({"token": "t", "mountpoint": "m", "url": "http://127.0.0.1:1"}).to_string();
    with_kwargs(&kwargs)
        .env("AIRFLOW_VAR_HELLO", "env")
        .run()
        .prints("env")
        .says("mountpoint");
    let at_start = json!({"token": "t", "kv_engine_version": 3}).to_string();
    with_kwargs(&at_start)
        .env("AIRFLOW_VAR_HELLO", "env")
        .run()
        .fails_with(7);
}

#[test]
fn a_credential_file_that_cannot_be_read_is_no_credential() {
    for path in ["/nonexistent/token", "/"] {
        let kwargs = json!({"token_path": path, "url": "http://127.0.0.1:1"});
        with_kwargs(&kwargs.to_string())
            .run()
            .fails_with(5)
            .says(path);
    }
}

#[test]
fn variables_in_a_circle_are_an_error() {
    let run = with_kwargs(r#"{"token": "$A"}"#)
        .env("A", "$B")
        .env("B", "$A");
    run.run().fails_with(7).says("`$A` -> `$B` -> `$A`");
    let growing = with_kwargs(r#"{"token": "$A"}"#).env("A", "$A$A").run();
    growing.fails_with(7);
}

#[test]
fn kwargs_kept_in_their_own_backend_are_refused() {
    let run = Secretctl::new()
        .backend(VAULT)
        .env("AIRFLOW__SECRETS__BACKEND_KWARGS_SECRET", "path");
    run.args(["get-var", "hello"])
        .run()
        .fails_with(7)
        .says("AIRFLOW__SECRETS__BACKEND_KWARGS_SECRET");
}

#[test]
fn a_command_that_fails_is_told_without_its_output() {
    for command in [
        "false",
        "/nonexistent/command x",
        "sh -c 'echo s3cr3t-CANARY-0451; exit 3'",
        "echo s3cr3t-CANARY-0451",
        "echo 'unclosed",
    ] {
        let run = Secretctl::new()
            .secret(CANARY)
            .backend(VAULT)
            .env("AIRFLOW__SECRETS__BACKEND_KWARGS_CMD", command);
        run.args(["get-var", "hello"])
            .run()
            .fails_with(7)
            .says("AIRFLOW__SECRETS__BACKEND_KWARGS_CMD");
    }
    let slow = Secretctl::new()
        .backend(VAULT)
        .env("AIRFLOW__SECRETS__BACKEND_KWARGS_CMD", "sleep 600");
    slow.args(["get-var", "hello", "--timeout", "0.2"])
        .run()
        .fails_with(7);
}

#[test]
fn an_airflow_cfg_that_airflow_could_not_read_is_told_with_its_line() {
    for (cfg, said) in [
        ("[secrets]\nbackend = x\nbackend = y\n", "line 3"),
        ("[secrets]\n[secrets]\n", "line 2"),
        ("backend = x\n", "line 1"),
        ("[secrets]\nno delimiter\n", "line 2"),
    ] {
        with_cfg(cfg)
            .run()
            .fails_with(7)
            .says(said)
            .says("airflow.cfg");
    }
    let lone =
        format!("[secrets]\nbackend = {VAULT}\nbackend_kwargs = {{\"token\": \"100%{CANARY}\"}}\n");
    with_cfg(&lone).run().fails_with(7).says("%");
}

#[test]
fn a_directory_is_no_file() {
    let run = Secretctl::new().args(["get-var", "hello"]);
    let home = run.home().display().to_string();
    run.env("AIRFLOW_CONFIG", &home)
        .run()
        .fails_with(7)
        .says("directory");
    for arguments in [
        ["--env-file", "/"],
        ["--env-file", "/nonexistent/.env"],
        ["--env-file", "/dev/null/x"],
    ] {
        let run = Secretctl::new().args(arguments).args(["get-var", "hello"]);
        run.run().fails_with(7).says(arguments[1]);
    }
    let local = "airflow.secrets.local_filesystem.LocalFilesystemBackend";
    let run = Secretctl::new()
        .backend(local)
        .kwargs(&json!({"variables_file_path": "/tmp/."}));
    run.args(["get-var", "hello"]).run().fails_with(7);
}

#[test]
fn a_broken_env_file_is_told_with_its_line_and_no_value() {
    for (text, said) in [
        ("A=1\nB=\"s3cr3t-CANARY-0451\n", "line 2"),
        ("A='s3cr3t-CANARY-0451\n", "line 1"),
        ("A=1\n=s3cr3t-CANARY-0451\n", "line 2"),
        ("A=${B:?s3cr3t-CANARY-0451 is what B should be}\n", "line 1"),
    ] {
        let run = Secretctl::new().secret(CANARY).file("bad.env", text).args([
            "--env-file",
            "bad.env",
            "get-var",
            "a",
        ]);
        run.run().fails_with(7).says("bad.env").says(said);
    }
}

#[test]
fn fifty_megabytes_of_kwargs_are_refused_at_once() {
    let big = format!(
        "[secrets]\nbackend = {VAULT}\nbackend_kwargs = {{\"token\": \"{}\"}}\n",
        "x".repeat(50 << 20)
    );
    let output = with_cfg(&big).run();
    output.fails_with(7);
    assert!(output.stderr.len() < 2000, "a long error");
    let command = format!("head -c {} /dev/zero", 50 << 20);
    let run = Secretctl::new()
        .backend(VAULT)
        .env("AIRFLOW__SECRETS__BACKEND_KWARGS_CMD", &command);
    run.args(["get-var", "hello"]).run().fails_with(7);
}

#[test]
fn text_that_is_not_utf_8_is_told_by_its_place() {
    let run = |name: &str, arguments: &[&str]| {
        let home = tempfile::tempdir().unwrap();
        Command::new(env!("CARGO_BIN_EXE_secretctl"))
            .args(arguments)
            .env_clear()
            .env("HOME", home.path())
            .env("AIRFLOW_HOME", home.path())
            .env(name, OsString::from_vec(b"caf\xe9".to_vec()))
            .output()
            .unwrap()
    };
    for name in [
        "AIRFLOW_VAR_HELLO",
        "AIRFLOW__SECRETS__BACKEND",
        "AIRFLOW_CONFIG",
    ] {
        let output = run(name, &["get-var", "hello"]);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(7), "{name}: {stderr}");
        assert!(stderr.contains(name), "{stderr}");
    }
    assert_eq!(
        run("SOMETHING_ELSE", &["get-var", "hello"]).status.code(),
        Some(3)
    );
}

#[test]
fn a_file_that_is_not_utf_8_is_told_by_its_place() {
    let run = Secretctl::new().args(["--env-file", "bad.env", "get-var", "hello"]);
    let run = run.file("bad.env", b"A=1\nB=caf\xe9\n");
    run.run().fails_with(7).says("line 2");
    let run = Secretctl::new().args(["get-var", "hello"]);
    let run = run.file("airflow.cfg", b"[core]\nx = caf\xe9\n");
    run.run().fails_with(7).says("airflow.cfg");
}

#[test]
fn a_reader_that_goes_away_is_no_error_and_a_full_disk_is_one() {
    let run = |stdout: Stdio| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_secretctl"));
        command
            .args(["get-var", "hello"])
            .env_clear()
            .env("AIRFLOW_VAR_HELLO", CANARY)
            .env("HOME", "/nonexistent");
        let output = command
            .stdout(stdout)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
            .wait_with_output()
            .unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    assert_eq!(run(writer.into()), (Some(0), String::new()));
    let (code, stderr) = run(File::options()
        .write(true)
        .open("/dev/full")
        .unwrap()
        .into());
    assert_eq!(code, Some(1));
    assert!(stderr.contains("could not be written"), "{stderr}");
    assert!(!stderr.contains(CANARY));
}

#[test]
fn no_connection_error_quotes_the_value() {
    for value in [
        "mysql://u:s3cr3t-CANARY-0451@h:port/",
        "mysql://u:s3cr3t-CANARY-0451@[::1/",
        "a://b://c://s3cr3t-CANARY-0451",
        r#"{"conn_type": "mysql", "user": "s3cr3t-CANARY-0451"}"#,
        r#"{"conn_type": "mysql", "password": "s3cr3t-CANARY-0451"#,
        r#"{"conn_type": "mysql", "port": "s3cr3t-CANARY-0451"}"#,
        r#"{"conn_type": "mysql", "extra": "s3cr3t-CANARY-0451"}"#,
        r#"{"conn_type": "mysql", "login": ["s3cr3t-CANARY-0451"]}"#,
    ] {
        for command in [
            vec!["get-conn", "c"],
            vec!["get-conn", "c", "-o", "json"],
            vec!["explain", "conn", "c"],
            vec!["explain", "conn", "c", "-o", "json"],
        ] {
            let run = Secretctl::new()
                .secret(CANARY)
                .env("AIRFLOW_CONN_C", value)
                .args(command)
                .args(["-vv"]);
            assert_eq!(run.run().code, Some(8), "{value}");
        }
    }
}

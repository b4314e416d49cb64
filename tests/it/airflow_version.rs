//! `--airflow-version`: the rules of each release, through the program.

use serde_json::{Value, json};

use crate::support::cli::{Output, Secretctl};

const RELEASES: [&str; 5] = ["2.11", "3.0", "3.1", "3.2", "3.3"];
const LOCAL_FILES: &str = "airflow.secrets.local_filesystem.LocalFilesystemBackend";
const VAULT: &str = "airflow.providers.hashicorp.secrets.vault.VaultBackend";

/// One run for each release, in order.
fn by_release(prepare: impl Fn(Secretctl) -> Secretctl) -> [Output; 5] {
    RELEASES.map(|release| {
        let run = Secretctl::new().args(["--airflow-version", release]);
        prepare(run).run()
    })
}

/// What each release prints of the connection `c` with this text.
fn connection(context: &str, text: &str, arguments: &[&str]) -> [String; 5] {
    let outputs = by_release(|run| {
        let run = run.env("AIRFLOW_CONN_C", text);
        let run = run.args(["--context", context, "get-conn", "c"]);
        run.args(arguments.iter().copied())
    });
    outputs.map(|output| match output.code {
        Some(0) => output.stdout.trim_end().to_owned(),
        code => format!("exit code {}", code.unwrap()),
    })
}

/// The variable `v` of a file, in each release.
fn variable_in_file(name: &str, content: &str) -> [String; 5] {
    let outputs = by_release(|run| {
        let run = run.backend(LOCAL_FILES).file(name, content);
        let run = run.kwargs(&json!({"variables_file_path": name}));
        run.args(["get-var", "v"])
    });
    outputs.map(|output| match output.code {
        Some(0) => output.stdout.trim_end().to_owned(),
        code => format!("exit code {}", code.unwrap()),
    })
}

#[test]
fn the_newest_release_is_the_default() {
    let printed = |arguments: &[&str]| {
        let run = Secretctl::new().env("AIRFLOW_CONN_C", "x://h?a=1");
        let run = run.args(arguments.iter().copied()).args(["get-conn", "c"]);
        run.run().succeeds().stdout.clone()
    };
    assert_eq!(printed(&[]), printed(&["--airflow-version", "3.3"]));
    assert_ne!(printed(&[]), printed(&["--airflow-version", "2.11"]));
}

#[test]
fn a_release_that_is_not_followed_is_refused() {
    let output = Secretctl::new().args(["--airflow-version", "2.10", "get-conn", "c"]);
    output
        .run()
        .fails_with(2)
        .says("2.11, 3.0, 3.1, 3.2 or 3.3");
}

#[test]
fn query_values_are_read_as_json_by_the_server_from_3_1_on() {
    let (text, parsed) = (r#"{"a":"1"}"#, r#"{"a":1}"#);
    let extra = |context| {
        connection(context, "x://h?a=1", &["-o", "json"]).map(|printed| {
            let printed: Value = serde_json::from_str(&printed).unwrap();
            printed["extra"].to_string()
        })
    };
    assert_eq!(extra("server"), [text, text, parsed, parsed, parsed]);
    // Airflow 3.1 reads a URI with the server's model in a task too.
    assert_eq!(extra("worker"), [text, text, parsed, text, text]);
}

#[test]
fn an_extra_that_is_no_json_object_is_refused_by_the_server_from_3_0_on() {
    let uri = "x://h/?__extra__=%5B1%5D";
    let refused = "exit code 8";
    let printed = |context, text| connection(context, text, &[]);
    assert_eq!(
        printed("server", uri),
        [uri, refused, refused, refused, refused]
    );
    assert_eq!(printed("worker", uri), [uri, refused, refused, uri, uri]);
    let json = r#"{"conn_type": "x", "host": "h", "extra": "[1]"}"#;
    assert_eq!(printed("worker", json), [uri, refused, uri, uri, uri]);
}

#[test]
fn an_extra_that_airflow_3_refuses_is_told_by_2_11() {
    let outputs = by_release(|run| {
        let run = run.env("AIRFLOW_CONN_C", "x://h/?__extra__=%5B1%5D");
        run.args(["get-conn", "c"])
    });
    outputs[0].succeeds().says("Airflow 3 refuses");
    outputs[1].fails_with(8).says("JSON of type `list`");
}

#[test]
fn a_protocol_that_is_the_type_stays_in_the_host_from_3_1_on() {
    let json = r#"{"conn_type": "x", "host": "x://h"}"#;
    let (scheme, host) = ("x://x://h", "x://x%3A%2F%2Fh");
    assert_eq!(
        connection("server", json, &[]),
        [scheme, scheme, host, host, host]
    );
}

#[test]
fn the_key_for_a_team_has_another_name_in_each_release() {
    let (found, refused) = ("x://", "exit code 8");
    let printed = |key| {
        connection(
            "server",
            &format!(r#"{{"conn_type":"x","{key}":"t"}}"#),
            &[],
        )
    };
    assert_eq!(
        printed("team_id"),
        [refused, refused, found, refused, refused]
    );
    assert_eq!(
        printed("team_name"),
        [refused, refused, refused, found, found]
    );
}

#[test]
fn a_task_reads_a_uri_in_json_in_all_but_3_1() {
    let printed = |text: &str| connection("worker", text, &[]);
    let refused = "exit code 8";
    let found = "x://h";
    assert_eq!(
        printed(r#"{"uri": "x://h"}"#),
        [found, found, refused, found, found]
    );
    let found = "x://h/?a=b";
    // In 3.2 the connection is found, but reading its extra raises.
    assert_eq!(
        printed(r#"{"uri": "x://h?a=b"}"#),
        [found, found, refused, refused, found]
    );
}

#[test]
fn a_task_of_3_0_uses_a_connection_whose_uri_cannot_be_written() {
    let outputs = by_release(|run| {
        let run = run
            .backend(LOCAL_FILES)
            .file("c.json", r#"{"c": {"login": 5}}"#);
        let run = run.kwargs(&json!({"connections_file_path": "c.json"}));
        let run = run.env("AIRFLOW_CONN_C", "x://h");
        run.args(["--context", "worker", "get-conn", "c"])
    });
    // so that the next layer has no say there
    outputs[1].fails_with(8).says("`login` is of type `int`");
    for output in [&outputs[0], &outputs[2], &outputs[3], &outputs[4]] {
        output.prints("x://h").says("`login` is of type `int`");
    }
}

#[test]
fn a_connection_that_is_refused_here_and_used_by_airflow_has_no_stand_in() {
    let outputs = by_release(|run| {
        let run = run
            .backend(LOCAL_FILES)
            .file("c.json", r#"{"c": {"port": [1]}}"#);
        let run = run.kwargs(&json!({"connections_file_path": "c.json"}));
        run.env("AIRFLOW_CONN_C", "x://h").args(["get-conn", "c"])
    });
    for output in outputs {
        output.fails_with(8).says("`port`, of type `list`");
    }
}

/// The server's model encrypts, whoever uses it.
#[test]
fn a_bad_fernet_key_stops_tasks_that_have_the_server_s_model() {
    let (uri, json) = ("x://:p@", r#"{"conn_type": "x", "password": "p"}"#);
    let found = |stored: &dyn Fn(Secretctl) -> Secretctl| {
        let outputs = by_release(|run| {
            let run = stored(run).env("AIRFLOW__CORE__FERNET_KEY", "bad");
            run.args(["--context", "worker", "get-conn", "c"])
        });
        outputs.map(|output| output.code == Some(0))
    };
    let in_environment = |text: &'static str| move |run: Secretctl| run.env("AIRFLOW_CONN_C", text);
    assert_eq!(
        found(&in_environment(uri)),
        [false, false, false, true, true]
    );
    assert_eq!(
        found(&in_environment(json)),
        [false, false, true, true, true]
    );
    let in_file = |run: Secretctl| {
        let run = run
            .backend(LOCAL_FILES)
            .file("c.json", format!(r#"{{"c": {json}}}"#));
        run.kwargs(&json!({"connections_file_path": "c.json"}))
    };
    assert_eq!(found(&in_file), [false; 5]);
}

#[test]
fn what_a_provider_brought_after_the_release_is_told() {
    let class = "airflow.providers.cncf.kubernetes.secrets.kubernetes_secrets_backend.KubernetesSecretsBackend";
    let outputs = by_release(|run| {
        let run = run.backend(class).kwargs(&json!({"variables_label": null}));
        run.env("AIRFLOW_VAR_V", "1").args(["get-var", "v"])
    });
    let told = outputs.map(|output| output.stderr.contains("cncf-kubernetes 10.13.0"));
    assert_eq!(told, [false, true, false, false, false]);
}

#[test]
fn ids_have_letters_of_ascii_only_in_2_11() {
    let outputs = by_release(|run| {
        let run = run.env("AIRFLOW_CONN_É", "x://h");
        run.args(["get-conn", "é", "-o", "json"])
    });
    let ids = outputs.map(|output| output.json()["conn_id"].clone());
    assert_eq!(
        ids,
        [json!(null), json!("é"), json!("é"), json!("é"), json!("é")]
    );
}

#[test]
fn the_type_of_a_secrets_file_is_told_by_its_suffix_from_3_1_on() {
    let (found, unknown) = ("1", "exit code 7");
    assert_eq!(
        variable_in_file(".env", "v=1\n"),
        [found, found, unknown, unknown, unknown]
    );
    assert_eq!(
        variable_in_file("json", r#"{"v": "1"}"#),
        [found, found, unknown, unknown, unknown]
    );
    assert_eq!(variable_in_file("a.ENV", "v=1\n"), [found; 5]);
}

#[test]
fn an_env_file_may_have_an_empty_key_until_3_1() {
    let (found, refused) = ("1", "exit code 8");
    assert_eq!(
        variable_in_file("a.env", "=x\nv=1\n"),
        [found, found, refused, refused, refused]
    );
    assert_eq!(variable_in_file("a.env", "w=\nv=1\n"), [refused; 5]);
}

#[test]
fn white_space_of_other_scripts_starts_no_comment_in_2_11() {
    let (found, refused) = ("1", "exit code 8");
    assert_eq!(
        variable_in_file("a.env", "\u{a0}# x\nv=1\n"),
        [refused, found, found, found, found]
    );
    assert_eq!(variable_in_file("a.env", " \t# x\nv=1\n"), [found; 5]);
}

#[test]
fn a_variable_may_be_a_list_from_3_2_on() {
    let (refused, list) = ("exit code 8", "[\"1\"]");
    assert_eq!(
        variable_in_file("a.json", r#"{"v": ["1"]}"#),
        ["1", "1", "1", list, list]
    );
    // another key's list fails the whole file
    assert_eq!(
        variable_in_file("a.json", r#"{"v": "1", "w": []}"#),
        [refused, refused, refused, "1", "1"]
    );
}

#[test]
fn configs_in_a_file_came_with_3_2() {
    let outputs = by_release(|run| {
        let run = run.backend(LOCAL_FILES).file("c.json", r#"{"k": "1"}"#);
        let run = run.kwargs(&json!({"configs_file_path": "c.json"}));
        run.args(["get-config", "k"])
    });
    for output in &outputs[..3] {
        output
            .fails_with(7)
            .says("has no kwarg `configs_file_path`: Airflow 3.2 brought it");
    }
    outputs[3].prints("1").quietly();
    outputs[4].prints("1").quietly();
}

#[test]
fn a_variable_for_one_kwarg_is_read_from_3_2_on_and_told_of_before() {
    let outputs = by_release(|run| {
        let run = run.backend(LOCAL_FILES).file("v.json", r#"{"v": "1"}"#);
        let name = "AIRFLOW__SECRETS__BACKEND_KWARG__VARIABLES_FILE_PATH";
        run.env(name, "v.json").args(["get-var", "v"])
    });
    for output in &outputs[..3] {
        output
            .fails_with(3)
            .says("does not read environment variable `AIRFLOW__SECRETS__BACKEND_KWARG__VARIABLES_FILE_PATH`");
    }
    outputs[3].prints("1").quietly();
    outputs[4].prints("1").quietly();
}

#[test]
fn a_task_of_2_11_has_the_rules_of_its_server() {
    let outputs = by_release(|run| {
        let run = run
            .backend(LOCAL_FILES)
            .file("s.json", r#"{"v": "server"}"#);
        let run = run.kwargs(&json!({"variables_file_path": "s.json"}));
        let run = run.file("w.json", r#"{"v": "worker"}"#);
        let run = run
            .env("AIRFLOW__WORKERS__SECRETS_BACKEND", LOCAL_FILES)
            .env(
                "AIRFLOW__WORKERS__SECRETS_BACKEND_KWARGS",
                r#"{"variables_file_path": "w.json"}"#,
            );
        run.args(["--context", "worker", "get-var", "v"])
    });
    outputs[0]
        .prints("server")
        .says("a task of Airflow 2.11 has the server's search path and connection model")
        .says(
            "Airflow 2.11 does not read environment variable `AIRFLOW__WORKERS__SECRETS_BACKEND`",
        );
    for output in &outputs[1..] {
        output.prints("worker").quietly();
    }
}

#[test]
fn the_last_layer_is_the_release_s_own() {
    let outputs =
        by_release(|run| run.args(["--context", "worker", "explain", "var", "v", "-o", "json"]));
    let last = outputs.map(|output| {
        let explanation: Value = serde_json::from_str(&output.stdout).unwrap();
        let layers = explanation["layers"].as_array().unwrap();
        layers.last().unwrap()["backend"]
            .as_str()
            .unwrap()
            .to_owned()
    });
    let api = "ExecutionAPISecretsBackend";
    assert_eq!(last, ["MetastoreBackend", "supervisor", api, api, api]);
}

#[test]
fn a_contrib_path_is_at_home_in_2_11() {
    let class = "airflow.contrib.secrets.hashicorp_vault.VaultBackend";
    let outputs = by_release(|run| {
        let run = run
            .backend(class)
            .kwargs(&json!({"token": "t", "variables_path": null}));
        run.env("AIRFLOW_VAR_V", "1").args(["get-var", "v"])
    });
    outputs[0].prints("1").quietly();
    for output in &outputs[1..] {
        output.prints("1").says("Airflow 3 does not start with");
    }
}

#[test]
fn the_azure_module_that_the_provider_dropped_is_told_in_every_release() {
    let class = "airflow.providers.microsoft.azure.secrets.azure_key_vault.AzureKeyVaultBackend";
    let outputs = by_release(|run| {
        let run = run
            .backend(class)
            .kwargs(&json!({"variables_prefix": null}));
        run.env("AIRFLOW_VAR_V", "1").args(["get-var", "v"])
    });
    for output in outputs {
        output.prints("1").says("microsoft-azure 5.0.0 or newer");
    }
}

#[test]
fn a_list_of_vault_paths_is_younger_than_3_2() {
    let outputs = by_release(|run| {
        let run = run
            .backend(VAULT)
            .kwargs(&json!({"token": "t", "variables_path": []}));
        run.env("AIRFLOW_VAR_V", "1").args(["get-var", "v"])
    });
    for output in &outputs[..4] {
        output
            .prints("1")
            .says("a list in \"variables_path\" needs apache-airflow-providers-hashicorp 4.8.0");
    }
    outputs[4].prints("1").quietly();
}

#[test]
fn teams_came_with_3_2() {
    let found = |id: &str, multi_team: &str| {
        let outputs = by_release(|run| {
            let name = format!("AIRFLOW_VAR_{}", id.to_uppercase());
            let run = run
                .env(&name, "1")
                .env("AIRFLOW__CORE__MULTI_TEAM", multi_team);
            run.args(["get-var", id])
        });
        outputs.map(|output| output.code == Some(0))
    };
    assert_eq!(found("_t___a", "False"), [true, true, true, false, true]);
    assert_eq!(found("_t___a", "True"), [true, true, true, false, false]);
    assert_eq!(found("t___a", "True"), [true, true, true, true, false]);
    let told = by_release(|run| {
        let run = run.env("AIRFLOW_VAR_V", "1");
        run.env("AIRFLOW__CORE__MULTI_TEAM", "True")
            .args(["get-var", "v"])
    });
    for output in &told[..3] {
        output.prints("1").says("has no `[core] multi_team`");
    }
    told[3].prints("1").quietly();
}

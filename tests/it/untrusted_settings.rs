//! Settings of an env file that somebody else may have edited: which of them run a program, and where they may send a token.

use serde_json::{Value, json};

use crate::support::cli::{Output, Secretctl};
use crate::support::fake_server::{FakeServer, Response};

const VAULT: &str = "airflow.providers.hashicorp.secrets.vault.VaultBackend";
const TOKEN: &str = "s.the-token-of-the-job";

/// A Vault whose only variable is `hello`.
fn vault() -> FakeServer {
    FakeServer::start(|request| {
        let is_hello = request.path().ends_with("/v1/secret/data/variables/hello");
        is_hello.then(|| Response::json(200, &json!({"data": {"data": {"value": "the value"}}})))
    })
}

fn kwargs(server: &FakeServer) -> Value {
    json!({"url": server.url()})
}

/// A lookup with a token of the process; the program `./kwargs` prints the kwargs, and leaves a trace.
fn lookup(server: &FakeServer) -> Secretctl {
    let script = format!(
        "echo ran >> \"$AIRFLOW_HOME/trace\"; echo '{}'",
        kwargs(server)
    );
    let run = Secretctl::new().secret(TOKEN).env("VAULT_TOKEN", TOKEN);
    run.program("kwargs", &script).args(["get-var", "hello"])
}

fn with_env_file(run: Secretctl, lines: &str) -> Secretctl {
    run.file(".env", lines).args(["--env-file", ".env"])
}

/// Refused, and nothing was run or asked.
fn is_refused(run: Secretctl, server: &FakeServer) {
    let trace = run.home().join("trace");
    // The home is gone with the run, so that the program's trace has to be looked for in time.
    let trace_elsewhere = tempfile::NamedTempFile::new().unwrap();
    std::os::unix::fs::symlink(trace_elsewhere.path(), trace).unwrap();
    let output = run.run();
    output
        .fails_with(7)
        .says("was not run: a file may not name commands unless that is allowed")
        .says("add `--allow-commands`");
    let trace = std::fs::read_to_string(trace_elsewhere.path()).unwrap();
    assert_eq!(trace, "", "the command was run\n{output}");
    assert!(server.requests().is_empty(), "{output}");
}

#[test]
fn a_command_of_an_env_file_runs_only_if_that_is_allowed() {
    let server = vault();
    let lines = format!(
        "AIRFLOW__SECRETS__BACKEND={VAULT}\nAIRFLOW__SECRETS__BACKEND_KWARGS_CMD=./kwargs\n"
    );
    is_refused(with_env_file(lookup(&server), &lines), &server);
    let allowed = with_env_file(lookup(&server), &lines).args(["--allow-commands"]);
    allowed.run().prints("the value");
}

/// An env file that may not name a command may not name the airflow.cfg that does either.
#[test]
fn a_command_of_an_airflow_cfg_that_an_env_file_names_runs_only_if_that_is_allowed() {
    let server = vault();
    let cfg = format!("[secrets]\nbackend = {VAULT}\nbackend_kwargs_cmd = ./kwargs\n");
    let named = || {
        let run = lookup(&server).file("other.cfg", &cfg);
        with_env_file(run, "AIRFLOW_CONFIG=other.cfg\n")
    };
    is_refused(named(), &server);
    named().args(["--allow-commands"]).run().prints("the value");
    let own = lookup(&server).file("airflow.cfg", &cfg);
    own.run().prints("the value");
}

#[test]
fn a_command_of_the_process_environment_runs_as_in_airflow() {
    let server = vault();
    let run = lookup(&server).backend(VAULT);
    run.env("AIRFLOW__SECRETS__BACKEND_KWARGS_CMD", "./kwargs")
        .run()
        .prints("the value");
}

/// A lookup whose address comes from an env file.
fn with_address(server: &FakeServer, class: &str, kwargs: &Value) -> Secretctl {
    let lines = format!(
        "AIRFLOW__SECRETS__BACKEND={class}\nAIRFLOW__SECRETS__BACKEND_KWARGS='{kwargs}'\nSECRETCTL_ALLOW_HOSTS=127.0.0.1:{}\n",
        server.port()
    );
    let run = with_env_file(Secretctl::new().secret(TOKEN), &lines);
    run.env("VAULT_TOKEN", TOKEN)
        .env("AWS_ACCESS_KEY_ID", "the-key-id")
        .env("AWS_SECRET_ACCESS_KEY", TOKEN)
        .args(["get-var", "hello"])
}

fn assert_not_asked(output: &Output, server: &FakeServer) {
    output.fails_with(7).says(&format!(
        "`127.0.0.1:{}` was not asked: it is not on the list of allowed hosts",
        server.port()
    ));
    assert!(server.requests().is_empty(), "{output}");
}

#[test]
fn nothing_is_sent_to_a_host_that_is_not_allowed() {
    const AWS: &str =
        "airflow.providers.amazon.aws.secrets.systems_manager.SystemsManagerParameterStoreBackend";
    let server = vault();
    let aws = json!({"endpoint_url": server.url(), "region_name": "eu-west-1"});
    for (class, kwargs) in [(VAULT, kwargs(&server)), (AWS, aws)] {
        let run = || with_address(&server, class, &kwargs);
        // The list of an env file does not count: the file is what the list guards against.
        let by_option = run().args(["--allow-host", "vault.example.com"]).run();
        assert_not_asked(&by_option, &server);
        let by_variable = run()
            .env("SECRETCTL_ALLOW_HOSTS", "vault.example.com")
            .run();
        assert_not_asked(&by_variable, &server);
    }
    let host = format!("127.0.0.1:{}", server.port());
    let allowed = with_address(&server, VAULT, &kwargs(&server));
    allowed
        .args(["--allow-host", "vault.example.com", "--allow-host", &host])
        .run()
        .prints("the value");
}

#[test]
fn nothing_is_sent_through_a_proxy_that_is_not_allowed() {
    let proxy = vault();
    let kwargs = json!({"url": "http://vault.example.com"});
    let run = || {
        let lines = format!("HTTP_PROXY={0}\nhttp_proxy={0}\n", proxy.url());
        let run = with_env_file(Secretctl::new().secret(TOKEN), &lines);
        let run = run.backend(VAULT).kwargs(&kwargs).env("VAULT_TOKEN", TOKEN);
        run.args(["get-var", "hello", "--allow-host", "vault.example.com"])
    };
    assert_not_asked(&run().run(), &proxy);
    run()
        .args(["--allow-host", "127.0.0.1"])
        .run()
        .prints("the value");
}

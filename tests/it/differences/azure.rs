//! The entries about Azure, against a stand-in that bears Azure's own host names.

use std::fs;

use serde_json::{Value, json};

use crate::support::azure::{Azure, CLIENT_SECRET, Setup, Stored, TENANT, VAULT_URL};
use crate::support::cli::Secretctl;

fn azure() -> Azure {
    Azure::start(Setup::with([(
        "airflow-variables-hello",
        Stored::Value("the value"),
    )]))
}

/// A lookup as the application of the kwargs, or as nobody that the kwargs name.
fn lookup(azure: &Azure, more: Value) -> Secretctl {
    let mut kwargs = json!({"vault_url": VAULT_URL});
    let members = kwargs.as_object_mut().unwrap();
    members.extend(more.as_object().unwrap().clone());
    azure.secretctl(kwargs).args(["get-var", "hello"])
}

fn application() -> Value {
    json!({"tenant_id": TENANT, "client_id": "client", "client_secret": CLIENT_SECRET})
}

#[test]
fn instance_discovery_is_not_asked() {
    let azure = azure();
    lookup(&azure, application()).run().prints("the value");
    let arrived = azure.arrived();
    assert!(!arrived.is_empty());
    for request in arrived {
        let is_discovery = ["discovery/instance", ".well-known"]
            .iter()
            .any(|words| request.url.contains(words));
        assert!(!is_discovery, "{}", request.url);
    }
}

/// Each run has a value in a later layer, which is not printed: Airflow may never ask for it.
#[test]
fn what_is_not_served_is_named() {
    let azure = azure();
    let lookup = || lookup(&azure, json!({})).env("AIRFLOW_VAR_HELLO", "of the environment");
    let platforms: [(&[&str], &str); 4] = [
        (&["IDENTITY_ENDPOINT", "IMDS_ENDPOINT"], "Azure Arc"),
        (
            &[
                "IDENTITY_ENDPOINT",
                "IDENTITY_HEADER",
                "IDENTITY_SERVER_THUMBPRINT",
            ],
            "Service Fabric",
        ),
        (&["MSI_ENDPOINT", "MSI_SECRET"], "Azure Machine Learning"),
        (&["MSI_ENDPOINT"], "Cloud Shell"),
    ];
    for (variables, name) in platforms {
        let run = variables.iter().fold(lookup(), |run, variable| {
            run.env(variable, "http://127.0.0.1:1")
        });
        run.run().fails_with(5).says(name);
    }
    for (credential, name) in [
        ("VisualStudioCodeCredential", "VisualStudioCodeCredential"),
        (
            "InteractiveBrowserCredential",
            "InteractiveBrowserCredential",
        ),
    ] {
        lookup()
            .env("AZURE_TOKEN_CREDENTIALS", credential)
            .run()
            .fails_with(5)
            .says(&format!("{name}: secretctl does not have it"));
    }
    for login in [
        ".IdentityService/msal.cache.cae",
        ".azure/ms-azuretools.vscode-azureresourcegroups/authRecord.json",
    ] {
        let run = lookup().env("AZURE_TOKEN_CREDENTIALS", "dev");
        let login = run.home().join(login);
        fs::create_dir_all(login.parent().unwrap()).unwrap();
        fs::write(login, "{}").unwrap();
        run.run()
            .fails_with(5)
            .says("SharedTokenCacheCredential: secretctl does not have it")
            .says("BrokerCredential: secretctl does not have it");
    }
    // Nobody has logged in here, and so Airflow finds no login either.
    lookup()
        .env("AZURE_TOKEN_CREDENTIALS", "dev")
        .run()
        .prints("of the environment")
        .says("SharedTokenCacheCredential: secretctl does not have it");
    let run = [
        "AZURE_TENANT_ID",
        "AZURE_CLIENT_ID",
        "AZURE_USERNAME",
        "AZURE_PASSWORD",
    ]
    .iter()
    .fold(lookup(), |run, name| run.env(name, "given"));
    run.run()
        .fails_with(5)
        .says("secretctl does not log in with a user's password");
}

#[test]
fn options_that_are_not_heeded_are_told() {
    let azure = azure();
    let mut kwargs = application();
    for (name, value) in [
        ("api_version", json!("7.4")),
        ("verify_challenge_resource", json!(true)),
        ("retry_total", json!(0)),
    ] {
        kwargs[name] = value;
    }
    lookup(&azure, kwargs.clone())
        .run()
        .prints("the value")
        .quietly();
    let asked = azure.arrived();
    assert!(
        asked
            .iter()
            .any(|request| request.url.ends_with("api-version=7.4"))
    );

    kwargs["connection_verify"] = json!(false);
    lookup(&azure, kwargs.clone())
        .run()
        .prints("the value")
        .says("connection_verify");
    kwargs["connection_timeout"] = json!(5);
    lookup(&azure, kwargs)
        .run()
        .prints("the value")
        .says("warning: ")
        .says("`connection_timeout`");
}

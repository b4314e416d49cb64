//! What Google's credentials rest on: key files, configurations, the token of an external account, gcloud's own files.

use serde_json::json;

use super::{Case, NOBODY, check_all, with_kwargs};
use crate::support::cli::Secretctl;
use crate::support::secret_manager::CLASS;

const CASES: &[Case] = &[
    Case::file("key.json", |run| {
        with_kwargs(run, json!({"gcp_key_path": "$HOME/key.json"}))
    }),
    Case::file("config.json", |run| {
        let kwargs = json!({"project_id": "p", "gcp_credential_config_file": "$HOME/config.json"});
        with_kwargs(run, kwargs)
    }),
    Case::file("adc.json", |run| {
        let run = run.env_path("GOOGLE_APPLICATION_CREDENTIALS", "adc.json");
        with_kwargs(run, json!({"project_id": "p"}))
    }),
    Case::file("token", |run| {
        let account = json!({
            "type": "external_account", "audience": "a", "token_url": format!("{NOBODY}/sts"),
            "subject_token_type": "urn:ietf:params:oauth:token-type:jwt", "credential_source": {"file": "$HOME/token"},
        });
        with_kwargs(
            run,
            json!({"project_id": "p", "gcp_credential_config_file": account}),
        )
    }),
    // gcloud's configuration is read for the project alone, and only where gcloud is installed.
    Case::file(".config/gcloud/active_config", |run| {
        let user = json!({"type": "authorized_user", "client_id": "c", "client_secret": "s", "refresh_token": "r"});
        let run = run
            .file(
                ".config/gcloud/application_default_credentials.json",
                user.to_string(),
            )
            .program("gcloud", "");
        let home = run.path_of("");
        with_kwargs(run.env("PATH", &home), json!({}))
    }),
];

#[test]
fn credentials() {
    check_all(CASES, || {
        let run = Secretctl::new().backend(CLASS);
        run.env("CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER", NOBODY)
    });
}

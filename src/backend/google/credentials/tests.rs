//! Which credentials are found, in which order, and which project goes with them.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use tempfile::TempDir;

use super::*;
use crate::deadline::Deadline;
use crate::env::Env;
use crate::failure::{Failure, Fault};
use crate::testing::block_on;

const PEM: &str = include_str!("../../../../tests/data/gcp_wire.json");

/// A service account's key made for tests, in project `proj-from-key`.
fn key() -> String {
    let start = PEM.find(r#"{\"type\": \"service_account\""#).unwrap();
    let end = start + PEM[start..].find("}\"").unwrap() + 1;
    let text: String = serde_json::from_str(&format!("\"{}\"", &PEM[start..end])).unwrap();
    text
}

/// A home with files in it.
struct Home(TempDir);

impl Home {
    fn new(files: &[(&str, &str)]) -> Self {
        let home = TempDir::new().unwrap();
        for (name, text) in files {
            let path = home.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Home(home)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// An environment in which `~/` stands for this home.
    fn env(&self, variables: &[(&str, &str)]) -> Env {
        let home = self.0.path().to_str().unwrap();
        let own = [("HOME", home), ("NO_GCE_CHECK", "true")];
        let all = variables.iter().chain(&own);
        Env::from_pairs(all.map(|(name, value)| (*name, value.replace("~/", &format!("{home}/")))))
    }

    fn open(
        &self,
        kwargs: &KeyKwargs,
        variables: &[(&str, &str)],
    ) -> Result<GoogleCredentials, GoogleError> {
        let (env, deadline) = (self.env(variables), Deadline::after(Duration::from_secs(5)));
        block_on(GoogleCredentials::open(kwargs, &env, deadline))
    }

    fn default(&self, variables: &[(&str, &str)]) -> Result<GoogleCredentials, GoogleError> {
        self.open(&KeyKwargs::None, variables)
    }
}

const USER: &str = r#"{"type": "authorized_user", "client_id": "c", "client_secret": "s",
    "refresh_token": "r", "quota_project_id": "q"}"#;
const GCLOUD: &str = ".config/gcloud/application_default_credentials.json";

fn named(project: &str) -> GoogleProject {
    GoogleProject::Named(project.to_owned())
}

#[test]
fn the_variable_comes_before_gclouds_folder() {
    let home = Home::new(&[("key.json", &key()), (GCLOUD, USER)]);
    let explicit = home
        .default(&[("GOOGLE_APPLICATION_CREDENTIALS", "~/key.json")])
        .unwrap();
    assert!(matches!(explicit.kind, CredentialKind::ServiceAccount(_)));
    assert_eq!(explicit.project, named("proj-from-key"));
    let of_gcloud = home
        .default(&[("GOOGLE_APPLICATION_CREDENTIALS", "")])
        .unwrap();
    assert!(matches!(of_gcloud.kind, CredentialKind::AuthorizedUser(_)));
    assert_eq!(of_gcloud.project, GoogleProject::Unknown);
}

#[test]
fn a_file_that_the_variable_names_must_be_there() {
    let home = Home::new(&[(GCLOUD, USER)]);
    let error = home
        .default(&[("GOOGLE_APPLICATION_CREDENTIALS", "~/nope.json")])
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("named by `GOOGLE_APPLICATION_CREDENTIALS`"),
        "{error}"
    );
    assert!(error.is_logged_by_airflow());
}

#[test]
fn the_metadata_server_comes_last_and_may_be_forbidden() {
    let home = Home::new(&[]);
    assert!(matches!(
        home.default(&[]),
        Err(GoogleError::NoCredentials { .. })
    ));
    let machine = home
        .default(&[
            ("NO_GCE_CHECK", "True"),
            ("GOOGLE_CLOUD_QUOTA_PROJECT", "q"),
        ])
        .unwrap();
    assert!(matches!(machine.kind, CredentialKind::Machine));
    assert_eq!(
        (machine.project(), machine.quota_project()),
        (&GoogleProject::OfTheMachine, Some("q"))
    );
}

#[test]
fn the_projects_variable_wins_over_default_credentials_only() {
    let home = Home::new(&[("key.json", &key())]);
    let file = ("GOOGLE_APPLICATION_CREDENTIALS", "~/key.json");
    let project = |variables: &[(&str, &str)]| home.default(variables).unwrap().project;
    assert_eq!(
        project(&[file, ("GOOGLE_CLOUD_PROJECT", "a"), ("GCLOUD_PROJECT", "b")]),
        named("a")
    );
    assert_eq!(project(&[file, ("GCLOUD_PROJECT", "b")]), named("b"));
    // An empty first variable hides the second, and is then no project.
    assert_eq!(
        project(&[file, ("GOOGLE_CLOUD_PROJECT", ""), ("GCLOUD_PROJECT", "b")]),
        named("proj-from-key")
    );
    let path = KeyKwargs::KeyPath(home.path("key.json").to_str().unwrap().to_owned());
    let own = home.open(&path, &[("GOOGLE_CLOUD_PROJECT", "a")]).unwrap();
    assert_eq!(own.project, named("proj-from-key"));
}

#[test]
fn a_users_project_is_gclouds_where_gcloud_is_installed() {
    let configuration = "[compute]\nproject = no\n[core]\naccount = x\nproject = mine\n";
    let home = Home::new(&[
        (GCLOUD, USER),
        (".config/gcloud/active_config", "work\n"),
        (".config/gcloud/configurations/config_work", configuration),
        ("bin/gcloud", ""),
    ]);
    let project = |variables: &[(&str, &str)]| home.default(variables).unwrap().project;
    assert_eq!(project(&[("PATH", "/nope:~/bin")]), named("mine"));
    assert_eq!(project(&[("PATH", "/nope")]), GoogleProject::Unknown);
    assert_eq!(
        project(&[("PATH", "~/bin"), ("CLOUDSDK_CORE_PROJECT", "other")]),
        named("other")
    );
    assert_eq!(
        project(&[("PATH", "~/bin"), ("CLOUDSDK_ACTIVE_CONFIG_NAME", "none")]),
        GoogleProject::Unknown
    );
    // The same file named by the variable is gcloud's still.
    let explicit = (
        "GOOGLE_APPLICATION_CREDENTIALS",
        "~/.config/gcloud/application_default_credentials.json",
    );
    assert_eq!(project(&[("PATH", "~/bin"), explicit]), named("mine"));
}

#[test]
fn who_pays_is_said_by_the_variable_or_the_file_but_never_for_a_key_in_the_kwargs() {
    let home = Home::new(&[("user.json", USER), ("key.json", &key())]);
    let file = ("GOOGLE_APPLICATION_CREDENTIALS", "~/user.json");
    let pays = |variables: &[(&str, &str)]| home.default(variables).unwrap().quota_project;
    assert_eq!(pays(&[file]).as_deref(), Some("q"));
    assert_eq!(
        pays(&[file, ("GOOGLE_CLOUD_QUOTA_PROJECT", "env")]).as_deref(),
        Some("env")
    );
    let path = KeyKwargs::KeyPath(home.path("key.json").to_str().unwrap().to_owned());
    let own = home
        .open(&path, &[("GOOGLE_CLOUD_QUOTA_PROJECT", "env")])
        .unwrap();
    assert_eq!(own.quota_project(), None);
}

#[test]
fn an_impersonated_accounts_project_is_in_its_address() {
    let home = Home::new(&[("key.json", &key())]);
    let acting_as = |target: &str| {
        let credentials = home
            .default(&[("GOOGLE_APPLICATION_CREDENTIALS", "~/key.json")])
            .unwrap();
        credentials
            .impersonating(vec!["a@b".into(), target.into()])
            .map(|credentials| credentials.project)
    };
    assert_eq!(
        acting_as("x@p.iam.gserviceaccount.com").unwrap(),
        named("p")
    );
    assert_eq!(acting_as("a@p,b@p").unwrap(), named("p,b"));
    assert!(matches!(
        acting_as("nobody"),
        Err(GoogleError::NoProjectInImpersonationChain)
    ));
}

#[test]
fn letters_of_a_text_are_scopes_of_their_own() {
    assert_eq!(
        Scopes::Text("ab".into()).list(),
        Some(vec!["a".into(), "b".into()])
    );
    assert_eq!(Scopes::Text("ab".into()).to_json(), Value::text("ab"));
    assert_eq!(
        Scopes::of_file(Some(&Value::text("a b"))),
        Scopes::List(vec!["a".into(), "b".into()])
    );
}

/// Nothing in an error comes from the file, whatever is wrong with it.
#[test]
fn a_broken_file_is_not_quoted() {
    let secret = "hunter2hunter2";
    let broken = [
        format!("{{\"{secret}"),
        format!("[\"{secret}\"]"),
        format!(r#"{{"type": "{secret}"}}"#),
        format!(r#"{{"type": "authorized_user", "refresh_token": "{secret}"}}"#),
        format!(
            r#"{{"type": "service_account", "client_email": "a", "token_uri": "b", "private_key": "{secret}"}}"#
        ),
        format!(
            r#"{{"type": "external_account", "audience": "{secret}", "subject_token_type": "{secret}"}}"#
        ),
        format!(
            r#"{{"type": "impersonated_service_account", "source_credentials": {{"type": "{secret}"}}}}"#
        ),
        "[".repeat(100_000),
    ];
    for text in broken {
        let home = Home::new(&[("file.json", &text)]);
        let error = home
            .default(&[("GOOGLE_APPLICATION_CREDENTIALS", "~/file.json")])
            .unwrap_err();
        let told = format!("{error} {error:?} {:?}", error.hint());
        assert!(!told.contains("hunter2"), "{told}");
        assert_eq!(error.failure(), Failure::Configuration);
    }
}

#[test]
fn kinds_that_are_not_served_say_so() {
    let executable = r#"{"type": "external_account", "audience": "a", "subject_token_type": "t",
        "credential_source": {"executable": {"command": "x"}}}"#;
    for text in [executable, r#"{"type": "gdch_service_account"}"#] {
        let home = Home::new(&[("file.json", text)]);
        let error = home
            .default(&[("GOOGLE_APPLICATION_CREDENTIALS", "~/file.json")])
            .unwrap_err();
        assert!(
            error.to_string().contains("secretctl does not serve"),
            "{error}"
        );
    }
}

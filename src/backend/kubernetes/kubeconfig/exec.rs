//! Credential plugins: a command that prints an `ExecCredential`, such as `aws eks get-token`.
//!
//! Mirrors the `exec` plugins of client-go 0.36. The surprising rule: the plugin learns what is wanted of it from the
//! variable KUBERNETES_EXEC_INFO alone; it has no input. Its environment is the snapshot, env files included, and `env`.

use std::path::PathBuf;

use super::super::error::KubernetesError;
use super::section::Section;
use crate::deadline::Deadline;
use crate::env::Env;
use crate::http::PemSource;
use crate::process::Program;
use crate::python::json::{self, Dict, Value};
use crate::secret::SecretText;

/// What a plugin gave.
#[derive(Default)]
pub struct Credential {
    /// A bearer token.
    pub token: Option<SecretText>,
    /// A client certificate and its key.
    pub certificate: Option<(PemSource, PemSource)>,
}

/// Runs the plugin of an entry `exec`.
///
/// # Errors
/// A plugin that cannot be run, fails, or prints something else than a credential.
pub async fn run(
    plugin: &Section<'_>,
    cluster: &Section<'_>,
    env: &Env,
    deadline: Deadline,
) -> Result<Credential, KubernetesError> {
    let name = plugin.required_text("command")?;
    let api_version = plugin.required_text("apiVersion")?;
    let question = json::dumps(&request(plugin, cluster, &api_version)?);
    let mut program = Program::new(program(plugin, &name), arguments(plugin)?, env.to_os());
    for (name, value) in own_environment(plugin)? {
        program = program.with_variable(name, value.expose());
    }
    let program = program.with_variable("KUBERNETES_EXEC_INFO", question);
    match program.output(deadline).await {
        Err(error) => Err(KubernetesError::ExecPlugin {
            command: name,
            error,
        }),
        Ok(output) => credential(&output, &api_version).ok_or(KubernetesError::NotACredential {
            command: name,
            api_version,
        }),
    }
}

/// A bare name is looked for in `PATH`; a relative path starts from the kubeconfig's folder.
fn program(plugin: &Section, name: &str) -> PathBuf {
    if name.contains('/') {
        plugin.path(name)
    } else {
        name.into()
    }
}

fn arguments(plugin: &Section) -> Result<Vec<String>, KubernetesError> {
    let wrong = || plugin.wrong("args", "a list of texts");
    match plugin.members.get("args") {
        None | Some(Value::None) => Ok(Vec::new()),
        Some(Value::List(arguments)) => arguments
            .iter()
            .map(|argument| Ok(argument.as_text().ok_or_else(wrong)?.expose().to_owned()))
            .collect(),
        Some(_) => Err(wrong()),
    }
}

/// The variables that the entry adds.
fn own_environment(plugin: &Section) -> Result<Vec<(String, SecretText)>, KubernetesError> {
    let wrong = || plugin.wrong("env", "a list of `name` and `value`");
    let variable = |entry: &Value| {
        let Value::Dict(entry) = entry else {
            return None;
        };
        let name = entry.get("name")?.as_text()?.expose();
        let is_name = !name.is_empty() && !name.contains(['=', '\0']);
        Some((name.to_owned(), entry.get("value")?.as_text()?.clone())).filter(|_| is_name)
    };
    match plugin.members.get("env") {
        None | Some(Value::None) => Ok(Vec::new()),
        Some(Value::List(entries)) => entries
            .iter()
            .map(|entry| variable(entry).ok_or_else(wrong))
            .collect(),
        Some(_) => Err(wrong()),
    }
}

/// What the plugin is asked: an `ExecCredential` without a status.
fn request(
    plugin: &Section,
    cluster: &Section,
    api_version: &str,
) -> Result<Value, KubernetesError> {
    let mut spec = Dict::from([("interactive".to_owned(), Value::Bool(false))]);
    if plugin.flag("provideClusterInfo")? {
        spec.insert("cluster".to_owned(), Value::Dict(cluster.members.clone()));
    }
    Ok(Value::Dict(Dict::from([
        ("apiVersion".to_owned(), Value::text(api_version)),
        ("kind".to_owned(), Value::text("ExecCredential")),
        ("spec".to_owned(), Value::Dict(spec)),
    ])))
}

/// The credential in a plugin's output.
fn credential(output: &SecretText, api_version: &str) -> Option<Credential> {
    let Ok(Value::Dict(answer)) = json::loads(output.expose()) else {
        return None;
    };
    let is = |key: &str, text: &str| {
        answer
            .get(key)
            .and_then(Value::as_text)
            .is_some_and(|own| own.expose() == text)
    };
    let Some(Value::Dict(status)) = answer
        .get("status")
        .filter(|_| is("kind", "ExecCredential") && is("apiVersion", api_version))
    else {
        return None;
    };
    let member = |key: &str| {
        status
            .get(key)
            .and_then(Value::as_text)
            .filter(|text| !text.expose().is_empty())
            .cloned()
    };
    let pem = |key: &str| member(key).map(PemSource::Text);
    let credential = Credential {
        token: member("token"),
        certificate: pem("clientCertificateData").zip(pem("clientKeyData")),
    };
    (credential.token.is_some() || credential.certificate.is_some()).then_some(credential)
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERSION: &str = "client.authentication.k8s.io/v1";

    fn token_in(output: &str) -> Option<String> {
        Some(
            credential(&output.into(), VERSION)?
                .token?
                .expose()
                .to_owned(),
        )
    }

    #[test]
    fn a_token_is_taken_from_an_answer_of_the_version_that_was_asked_for() {
        let answer = |version: &str, status: &str| {
            format!(
                r#"{{"apiVersion": "client.authentication.k8s.io/{version}", "kind": "ExecCredential", "status": {status}}}"#
            )
        };
        assert_eq!(
            token_in(&answer("v1", r#"{"token": "t"}"#)).as_deref(),
            Some("t")
        );
        assert_eq!(token_in(&answer("v1beta1", r#"{"token": "t"}"#)), None);
        for odd in [
            answer("v1", "{}"),
            answer("v1", r#"{"token": ""}"#),
            answer("v1", "null"),
            "[]".into(),
            String::new(),
        ] {
            assert!(credential(&odd.as_str().into(), VERSION).is_none(), "{odd}");
        }
    }

    #[test]
    fn a_certificate_counts_only_with_its_key() {
        let certificate = |members: &str| {
            let output = format!(
                r#"{{"apiVersion": "{VERSION}", "kind": "ExecCredential", "status": {{{members}}}}}"#
            );
            credential(&output.as_str().into(), VERSION)
                .and_then(|credential| credential.certificate)
        };
        assert!(certificate(r#""clientCertificateData": "c", "clientKeyData": "k""#).is_some());
        assert!(certificate(r#""clientCertificateData": "c""#).is_none());
    }
}

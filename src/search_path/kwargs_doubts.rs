//! What may be the matter with kwargs that are sound: none are given, or one of them is `$NAME` and nobody has set the variable.
//!
//! The surprising rule: Airflow leaves such a reference as it stands, as `os.path.expandvars` does, and sends it to the server in
//! the place of a role, a token or a password.

use crate::airflow_config::{AirflowConfig, BackendSetting, Section, Setting};
use crate::env::Env;
use crate::env::reference::references;
use crate::failure::Failure;
use crate::finding::Finding;
use crate::python::json::{Dict, Value};

/// What is told of each kwarg that is nothing but a reference to a variable that is not set.
pub(super) fn unset_variables(setting: &BackendSetting, kwargs: &Dict, env: &Env) -> Vec<Finding> {
    let is_expanded = |name: &str| !setting.overrides.iter().any(|kwarg| kwarg.name == name);
    let expanded = kwargs.iter().filter(|(name, _)| is_expanded(name));
    let unset = expanded.filter_map(|(kwarg, value)| {
        let name = unset_variable(value, env)?;
        let sentence = format!(
            "kwarg `{kwarg}` is `${name}`, and `{name}` is not set, so it is used as it stands"
        );
        let finding = Finding::warning("unset-variable", sentence);
        Some(
            finding
                .with_hint(format!("set `{name}`"))
                .failing_strictly(Failure::Configuration),
        )
    });
    unset.collect()
}

/// The variable that is the whole of a value. A name is told only where it looks like one: a password may begin with a `$`.
fn unset_variable<'a>(value: &'a Value, env: &Env) -> Option<&'a str> {
    let text = value.as_text()?.expose();
    let reference = references(text).next()?;
    let is_whole = reference.range == (0..text.len());
    let is_name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    let looks_like_one = reference.name.chars().all(is_name) && reference.name.contains('_');
    (is_whole && looks_like_one && !env.is_set(reference.name)).then_some(reference.name)
}

/// What is told of a backend without kwargs, once it has failed: what is set in their place and read by nobody, else that.
pub(super) fn without_kwargs(config: &AirflowConfig, setting: &BackendSetting) -> Vec<Finding> {
    let is_blank = |kwargs: &Setting| kwargs.value.expose().is_empty();
    let are_given = setting
        .kwargs
        .as_ref()
        .is_some_and(|kwargs| !is_blank(kwargs));
    if are_given || !setting.overrides.is_empty() {
        return Vec::new();
    }
    let misspelt = config.misspelt_variables();
    if !misspelt.is_empty() {
        return misspelt;
    }
    let sentence = "no kwargs are given, so every setting has its default";
    let variable = match setting.section {
        Section::Secrets => "AIRFLOW__SECRETS__BACKEND_KWARGS",
        Section::Workers => "AIRFLOW__WORKERS__SECRETS_BACKEND_KWARGS",
    };
    let finding = Finding::note("no-kwargs", sentence);
    vec![finding.with_hint(format!("`{variable}` holds them"))]
}

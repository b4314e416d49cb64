//! What is told of a backend that has no kwargs, once it has failed.
//!
//! The surprising rule: a misspelt name of the setting is read by nobody, so that every kwarg has its default and another server
//! than the one that was meant is asked, without a word.

use crate::airflow_config::{AirflowConfig, BackendSetting, Section, Setting};
use crate::finding::Finding;

/// What is set in their place and read by nobody, else that.
pub(super) fn findings(config: &AirflowConfig, setting: &BackendSetting) -> Vec<Finding> {
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
    vec![finding.with_hint(format!("set `{variable}` if that is not meant"))]
}

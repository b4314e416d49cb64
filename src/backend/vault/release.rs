//! What of Vault's kwargs is younger than a release of Airflow.
//!
//! Mirrors the history of apache-airflow-providers-hashicorp. The surprising rule: a provider that is younger than Airflow can
//! be installed beside it, so what it brought is used and only said.

use super::settings::path_kwarg;
use crate::airflow_version::AirflowVersion;
use crate::backend::kwargs::Kwargs;
use crate::python::json::Value;
use crate::secret_kind::SecretKind;

/// A sentence for each kwarg that the provider of the release's own time does not know in this form.
pub fn too_young(kwargs: Kwargs<'_>, version: AirflowVersion) -> Vec<String> {
    if version.is_as_young_as_path_lists() {
        return Vec::new();
    }
    let paths = [
        SecretKind::Connection,
        SecretKind::Variable,
        SecretKind::Config,
    ];
    let lists = paths
        .map(path_kwarg)
        .into_iter()
        .filter(|name| matches!(kwargs.get(name), Some(Value::List(_))));
    lists
        .map(|name| {
            format!(
                "a list in \"{name}\" needs apache-airflow-providers-hashicorp 4.8.0 or newer, which came after Airflow {version}: \
                 an older one does not start with it"
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::python::json::Dict;

    #[test]
    fn only_a_list_is_told_and_only_of_a_release_before_it() {
        let path = Value::text("a");
        let kwargs = Dict::from([
            (
                "connections_path".to_owned(),
                Value::List(vec![path.clone()]),
            ),
            ("variables_path".to_owned(), path),
        ]);
        let told = |version| too_young(Kwargs::new("VaultBackend", &kwargs), version);
        let of_3_2 = told(AirflowVersion::V3_2);
        assert_eq!(of_3_2.len(), 1);
        assert!(of_3_2[0].contains("connections_path"), "{of_3_2:?}");
        assert!(told(AirflowVersion::V3_3).is_empty());
    }
}

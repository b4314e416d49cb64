//! What only a young release of a provider has, and which releases of Airflow it came after.
//!
//! Mirrors the wheels of the providers. The surprising rule: a provider that is younger than Airflow can be installed beside
//! it, so what it brought is used, and only said.

use super::kind::BackendKind;
use crate::airflow_version::AirflowVersion;
use crate::finding::Finding;
use crate::python::json::{Dict, Value};

/// The first release of a provider with something, as its package and number.
struct ProviderRelease {
    name: &'static str,
    /// The releases of Airflow whose last wheel was built before it.
    came_after: &'static [AirflowVersion],
}

/// Lists in `connections_path` and the others; August 2026, after 3.2.2 and 2.11.2.
const VAULT_PATH_LISTS: ProviderRelease = ProviderRelease {
    name: "apache-airflow-providers-hashicorp 4.8.0",
    came_after: &[
        AirflowVersion::V2_11,
        AirflowVersion::V3_0,
        AirflowVersion::V3_1,
        AirflowVersion::V3_2,
    ],
};

/// `"auth_type": "jwt"`; February 2026, after 3.0.6 and before 2.11.2.
const VAULT_JWT: ProviderRelease = ProviderRelease {
    name: "apache-airflow-providers-hashicorp 4.5.0",
    came_after: &[AirflowVersion::V3_0],
};

/// `KubernetesSecretsBackend`; February 2026.
const KUBERNETES_BACKEND: ProviderRelease = ProviderRelease {
    name: "apache-airflow-providers-cncf-kubernetes 10.13.0",
    came_after: &[AirflowVersion::V3_0],
};

/// A finding for everything that a provider of the release's own time does not have.
pub fn too_young(kind: BackendKind, kwargs: &Dict, version: AirflowVersion) -> Vec<Finding> {
    let used = match kind {
        BackendKind::Vault => in_vault(kwargs),
        BackendKind::KubernetesSecrets => {
            vec![("KubernetesSecretsBackend".to_owned(), KUBERNETES_BACKEND)]
        }
        _ => Vec::new(),
    };
    used.into_iter()
        .filter(|(_, provider)| provider.came_after.contains(&version))
        .map(|(what, provider)| {
            let name = provider.name;
            let sentence =
                format!("{what} needs {name} or newer, which came after Airflow {version}");
            Finding::warning("newer-provider-needed", sentence)
        })
        .collect()
}

fn in_vault(kwargs: &Dict) -> Vec<(String, ProviderRelease)> {
    let is_list = |name: &&str| matches!(kwargs.get(*name), Some(Value::List(_)));
    let lists = ["connections_path", "variables_path", "config_path"]
        .into_iter()
        .filter(is_list);
    let mut used: Vec<_> = lists
        .map(|name| (format!("a list in \"{name}\""), VAULT_PATH_LISTS))
        .collect();
    if kwargs.get("auth_type") == Some(&Value::text("jwt")) {
        used.push(("\"auth_type\": \"jwt\"".to_owned(), VAULT_JWT));
    }
    used
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many sentences each release gets.
    fn told(kind: BackendKind, kwargs: &[(&str, Value)]) -> Vec<usize> {
        let kwargs = kwargs.iter().cloned();
        let kwargs = kwargs
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        let versions = AirflowVersion::ALL.iter();
        versions
            .map(|version| too_young(kind, &kwargs, *version).len())
            .collect()
    }

    #[test]
    fn only_what_is_younger_than_a_release_is_told() {
        let list = Value::List(vec![Value::text("a")]);
        let lists = [
            ("connections_path", list.clone()),
            ("variables_path", Value::text("a")),
            ("config_path", list),
        ];
        assert_eq!(told(BackendKind::Vault, &lists), [2, 2, 2, 2, 0]);
        let jwt = [("auth_type", Value::text("jwt"))];
        assert_eq!(told(BackendKind::Vault, &jwt), [0, 1, 0, 0, 0]);
        assert_eq!(told(BackendKind::Vault, &[]), [0; 5]);
        assert_eq!(told(BackendKind::KubernetesSecrets, &[]), [0, 1, 0, 0, 0]);
    }
}

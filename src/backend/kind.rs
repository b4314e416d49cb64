//! Class paths: which secrets backend each importable path means, for every path of Airflow 1.10.10 to 3.3.2.
//!
//! The surprising rule: Airflow 2.11's contrib paths are aliases of today's provider classes, so today's kwargs apply to them;
//! Airflow 3 has no contrib package and would not start with one. secretctl serves them and warns. It does the same for the
//! path that the Azure provider dropped.

use crate::airflow_version::AirflowVersion;
use crate::finding::Finding;

/// A secrets backend class that Airflow or one of its providers ships.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackendKind {
    /// `EnvironmentVariablesBackend`
    EnvironmentVariables,
    /// `MetastoreBackend`
    Metastore,
    /// `LocalFilesystemBackend`
    LocalFilesystem,
    /// `VaultBackend`
    Vault,
    /// `SystemsManagerParameterStoreBackend`
    SystemsManagerParameterStore,
    /// `SecretsManagerBackend`
    SecretsManager,
    /// `CloudSecretManagerBackend`
    CloudSecretManager,
    /// `AzureKeyVaultBackend`
    AzureKeyVault,
    /// `KubernetesSecretsBackend`
    KubernetesSecrets,
    /// `LockboxSecretBackend`
    Lockbox,
}

/// Every importable path, the one to write today first for each class.
const CLASS_PATHS: &[(&str, BackendKind)] = &[
    (
        "airflow.providers.hashicorp.secrets.vault.VaultBackend",
        BackendKind::Vault,
    ),
    (
        "airflow.contrib.secrets.hashicorp_vault.VaultBackend",
        BackendKind::Vault,
    ),
    (
        "airflow.secrets.local_filesystem.LocalFilesystemBackend",
        BackendKind::LocalFilesystem,
    ),
    (
        "airflow.secrets.environment_variables.EnvironmentVariablesBackend",
        BackendKind::EnvironmentVariables,
    ),
    (
        "airflow.secrets.metastore.MetastoreBackend",
        BackendKind::Metastore,
    ),
    (
        "airflow.providers.amazon.aws.secrets.systems_manager.SystemsManagerParameterStoreBackend",
        BackendKind::SystemsManagerParameterStore,
    ),
    (
        "airflow.contrib.secrets.aws_systems_manager.SystemsManagerParameterStoreBackend",
        BackendKind::SystemsManagerParameterStore,
    ),
    (
        "airflow.providers.amazon.aws.secrets.secrets_manager.SecretsManagerBackend",
        BackendKind::SecretsManager,
    ),
    (
        "airflow.contrib.secrets.aws_secrets_manager.SecretsManagerBackend",
        BackendKind::SecretsManager,
    ),
    (
        "airflow.providers.google.cloud.secrets.secret_manager.CloudSecretManagerBackend",
        BackendKind::CloudSecretManager,
    ),
    (
        "airflow.contrib.secrets.gcp_secrets_manager.CloudSecretManagerBackend",
        BackendKind::CloudSecretManager,
    ),
    (
        "airflow.contrib.secrets.gcp_secrets_manager.CloudSecretsManagerBackend",
        BackendKind::CloudSecretManager,
    ),
    (
        "airflow.providers.microsoft.azure.secrets.key_vault.AzureKeyVaultBackend",
        BackendKind::AzureKeyVault,
    ),
    (
        "airflow.providers.microsoft.azure.secrets.azure_key_vault.AzureKeyVaultBackend",
        BackendKind::AzureKeyVault,
    ),
    (
        "airflow.contrib.secrets.azure_key_vault.AzureKeyVaultBackend",
        BackendKind::AzureKeyVault,
    ),
    (
        "airflow.providers.cncf.kubernetes.secrets.kubernetes_secrets_backend.KubernetesSecretsBackend",
        BackendKind::KubernetesSecrets,
    ),
    (
        "airflow.providers.yandex.secrets.lockbox.LockboxSecretBackend",
        BackendKind::Lockbox,
    ),
];

impl BackendKind {
    /// The class that Airflow would import for `class_path`, which is taken to the letter: no trimming, no unquoting.
    pub fn from_class_path(class_path: &str) -> Option<BackendKind> {
        CLASS_PATHS
            .iter()
            .find(|(path, _)| *path == class_path)
            .map(|(_, kind)| *kind)
    }

    /// The class name, such as `VaultBackend`.
    pub fn class_name(self) -> &'static str {
        let path = self.class_path();
        path.rsplit('.').next().unwrap_or(path)
    }

    /// The path to write today.
    pub fn class_path(self) -> &'static str {
        CLASS_PATHS
            .iter()
            .find(|(_, kind)| *kind == self)
            .map_or("", |(path, _)| path)
    }

    /// Whether it reads `[core] multi_team` for each connection and variable, as of the providers of Airflow 3.3.2.
    pub fn heeds_multi_team(self) -> bool {
        matches!(
            self,
            BackendKind::Vault
                | BackendKind::SystemsManagerParameterStore
                | BackendKind::SecretsManager
                | BackendKind::AzureKeyVault
                | BackendKind::CloudSecretManager
        )
    }

    /// Whether secretctl can ask it.
    pub fn is_served(self) -> bool {
        matches!(
            self,
            BackendKind::EnvironmentVariables
                | BackendKind::LocalFilesystem
                | BackendKind::Vault
                | BackendKind::KubernetesSecrets
                | BackendKind::SystemsManagerParameterStore
                | BackendKind::SecretsManager
                | BackendKind::AzureKeyVault
                | BackendKind::CloudSecretManager
        )
    }
}

/// Where `azure_key_vault` was, until release 5.0.0 of the provider.
const OLD_AZURE_MODULE: &str = "airflow.providers.microsoft.azure.secrets.azure_key_vault.";

/// Why Airflow would not start with this path, if it would not.
pub fn gone(class_path: &str, version: AirflowVersion) -> Option<Finding> {
    let today = BackendKind::from_class_path(class_path)?.class_path();
    if class_path.starts_with("airflow.contrib.") && !version.has_contrib_package() {
        let sentence = format!("Airflow 3 does not start with `{class_path}`; write `{today}`");
        return Some(Finding::warning("former-class-path", sentence));
    }
    class_path.starts_with(OLD_AZURE_MODULE).then(|| {
        let sentence = format!(
            "Airflow does not start with `{class_path}` and apache-airflow-providers-microsoft-azure 5.0.0 or newer; write \
             `{today}`"
        );
        Finding::warning("former-class-path", sentence)
    })
}

/// The classes that secretctl serves, by name.
pub fn served_names() -> String {
    let mut names: Vec<&str> = Vec::new();
    for (_, kind) in CLASS_PATHS.iter().filter(|(_, kind)| kind.is_served()) {
        if !names.contains(&kind.class_name()) {
            names.push(kind.class_name());
        }
    }
    names.join(", ")
}

/// A class path as a message may show it. What does not look like one is not shown: it may be kwargs in the wrong variable.
pub fn shown(class_path: &str) -> String {
    let bare = class_path.trim().trim_matches(['"', '\'']);
    let is_path = bare.contains('.')
        && bare
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "._".contains(c));
    match is_path && class_path.len() < 200 {
        true => format!("`{}`", class_path.escape_debug()),
        false => "a text that is not a class path".to_owned(),
    }
}

/// Advice for a class path that Airflow could not import.
pub fn hint_for(class_path: &str) -> String {
    let nearest = nearest(class_path);
    let surrounded = class_path.trim().trim_matches(['"', '\'']) == nearest;
    match () {
        () if surrounded => format!(
            "write `{nearest}` without quotes and spaces around it: Airflow takes them as part of the name"
        ),
        () => format!(
            "did you mean `{nearest}`? secretctl serves {}",
            served_names()
        ),
    }
}

/// The known path that looks most like `class_path`.
fn nearest(class_path: &str) -> &'static str {
    let class_name = |path: &str| path.rsplit('.').next().unwrap_or_default().to_owned();
    let likeness = |path: &str| {
        strsim::jaro_winkler(class_path, path)
            + strsim::jaro_winkler(&class_name(class_path), &class_name(path))
    };
    CLASS_PATHS
        .iter()
        .map(|(path, _)| *path)
        .max_by(|left, right| likeness(left).total_cmp(&likeness(right)))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_names_the_class_it_ends_in_today() {
        for (path, kind) in CLASS_PATHS {
            assert_eq!(BackendKind::from_class_path(path), Some(*kind));
            let written = path.rsplit('.').next().unwrap();
            assert!(
                written == kind.class_name() || written == "CloudSecretsManagerBackend",
                "{path}"
            );
        }
    }

    #[test]
    fn the_path_to_write_today_is_never_a_contrib_one() {
        for (_, kind) in CLASS_PATHS {
            assert_eq!(gone(kind.class_path(), AirflowVersion::V3_3), None);
        }
    }

    #[test]
    fn a_path_is_taken_to_the_letter() {
        let path = BackendKind::Vault.class_path();
        for odd in [
            format!("{path} "),
            format!("{path}\n"),
            format!("\"{path}\""),
        ] {
            assert_eq!(BackendKind::from_class_path(&odd), None);
            assert!(
                hint_for(&odd).contains("without quotes and spaces"),
                "{}",
                hint_for(&odd)
            );
        }
    }

    #[test]
    fn what_is_not_a_path_is_not_shown() {
        assert_eq!(shown("a.b.C\n"), "`a.b.C\\n`");
        for text in ["{\"token\": \"hunter2\"}", "hunter2", "a.b C", ""] {
            assert_eq!(shown(text), "a text that is not a class path");
        }
    }

    #[test]
    fn a_misspelt_path_is_answered_with_the_nearest() {
        let hint = hint_for("airflow.providers.hashicorp.secrets.vault.VaultBackned");
        assert!(
            hint.starts_with(
                "did you mean `airflow.providers.hashicorp.secrets.vault.VaultBackend`?"
            ),
            "{hint}"
        );
        assert!(hint_for("VaultBackend").contains("vault.VaultBackend`?"));
        assert!(hint_for("x").contains("secretctl serves VaultBackend, LocalFilesystemBackend"));
    }
}

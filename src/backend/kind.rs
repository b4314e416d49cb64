//! Class paths: which secrets backend each importable path means, for every path of Airflow 1.10.10 to 3.3.2.
//!
//! The surprising rule: Airflow 2.11's contrib paths are aliases of today's provider classes, so today's kwargs apply to them;
//! Airflow 3 has no contrib package and would not start with one. secretctl serves them and warns. It does the same for the
//! path that the Azure provider dropped.

use crate::airflow_version::AirflowVersion;
use crate::finding::Finding;
use crate::nearest;

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

    /// Whether a path to write for it begins with this module.
    fn has_module(self, module: &str) -> bool {
        let is_in = |path: &str| {
            path.strip_prefix(module)
                .is_some_and(|rest| rest.starts_with('.'))
        };
        CLASS_PATHS
            .iter()
            .any(|(path, kind)| *kind == self && is_in(path))
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
    let names: Vec<&str> = served().map(BackendKind::class_name).collect();
    names.join(", ")
}

/// A class path as a message may show it. What does not look like one is not shown: it may be kwargs in the wrong variable.
pub fn shown(class_path: &str) -> String {
    let bare = unquoted(class_path);
    let is_path = bare.contains('.')
        && bare
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "._".contains(c));
    match is_path || named_by(bare).is_some() {
        true if class_path.len() < 200 => format!("`{}`", class_path.escape_debug()),
        _ => "a text that is not a class path".to_owned(),
    }
}

fn unquoted(class_path: &str) -> &str {
    class_path.trim().trim_matches(['"', '\''])
}

/// Advice for a class path that Airflow could not import, or that only Airflow could.
pub fn hint_for(class_path: &str) -> String {
    let bare = unquoted(class_path);
    let served = served_names();
    let is_known = BackendKind::from_class_path(bare).is_some_and(BackendKind::is_served);
    match (bare.rsplit_once('.'), nearest(bare)) {
        _ if is_known => format!(
            "write `{bare}` without quotes and spaces around it: Airflow takes them as part of the name"
        ),
        _ if bare.contains(',') => {
            "one class can stand here, not two; Airflow asks it, the environment and the database"
                .to_owned()
        }
        (None, Some(kind)) => format!("a class needs its whole path: `{}`", kind.class_path()),
        (None, None) => {
            format!(
                "a class needs its whole path, its module and its name; secretctl serves {served}"
            )
        }
        (Some(_), Some(kind)) => {
            format!(
                "did you mean `{}`? secretctl serves {served}",
                kind.class_path()
            )
        }
        (Some(_), None) if bare.starts_with("airflow.") => {
            format!("secretctl runs no Python and has no such class; it serves {served}")
        }
        (Some(_), None) => {
            format!("a class of your own: secretctl runs no Python; it serves {served}")
        }
    }
}

/// The class that is probably meant, of those that are served.
fn nearest(class_path: &str) -> Option<BackendKind> {
    let (module, class) = class_path.rsplit_once('.').unwrap_or(("", class_path));
    let stems: Vec<&str> = served().map(|kind| stem(kind.class_name())).collect();
    let by_class = nearest::nearest(stem(class), &stems);
    by_class
        .and_then(|stem| served().zip(&stems).find(|(_, known)| **known == stem))
        .map(|(kind, _)| kind)
        .or_else(|| named_by(class).filter(|kind| module.is_empty() || kind.has_module(class_path)))
}

/// The one class whose name this is, or in whose paths it is a module, such as `hashicorp_vault`.
fn named_by(word: &str) -> Option<BackendKind> {
    const COMMON: [&str; 5] = ["airflow", "providers", "contrib", "secrets", "cloud"];
    let has_word = |path: &str| path.split('.').any(|part| part == word);
    let named = CLASS_PATHS
        .iter()
        .filter(|(path, kind)| kind.is_served() && has_word(path) && !COMMON.contains(&word));
    let mut kinds = named.map(|(_, kind)| *kind);
    let first = kinds.next()?;
    kinds.all(|kind| kind == first).then_some(first)
}

/// The classes that are served, each once.
fn served() -> impl Iterator<Item = BackendKind> {
    let of_today = |(path, kind): &(&str, BackendKind)| {
        (kind.is_served() && kind.class_path() == *path).then_some(*kind)
    };
    CLASS_PATHS.iter().filter_map(of_today)
}

/// What tells a class name from others: nearly all end alike.
fn stem(class_name: &str) -> &str {
    class_name.strip_suffix("Backend").unwrap_or(class_name)
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
        let vault = "did you mean `airflow.providers.hashicorp.secrets.vault.VaultBackend`?";
        for near in [
            "airflow.providers.hashicorp.secrets.vault.VaultBackned",
            "airflow.providers.hashicorp.secret.vault.VaultBackend",
            "airflow.providers.hashicorp.secrets.vault.VaultBackends",
            "airflow.secrets.hashicorp_vault.VaultBackend",
            "airflow.providers.hashicorp.secrets.vault",
        ] {
            assert!(
                hint_for(near).starts_with(vault),
                "{near}: {}",
                hint_for(near)
            );
        }
        let google = hint_for("airflow.providers.google.secrets.CloudSecretsManagerBackend");
        assert!(
            google.contains("secret_manager.CloudSecretManagerBackend`?"),
            "{google}"
        );
    }

    #[test]
    fn a_bare_name_is_answered_with_its_whole_path() {
        let vault = "a class needs its whole path: `airflow.providers.hashicorp.secrets.vault.VaultBackend`";
        for bare in ["VaultBackend", "hashicorp_vault", "vault", "'VaultBackend'"] {
            assert_eq!(hint_for(bare), vault, "{bare}");
        }
        assert_eq!(shown("hashicorp_vault"), "`hashicorp_vault`");
        for bare in ["x", "airflow"] {
            let hint = hint_for(bare);
            assert!(
                hint.contains("secretctl serves VaultBackend, LocalFilesystemBackend"),
                "{hint}"
            );
        }
    }

    #[test]
    fn a_class_that_is_not_near_is_one_of_your_own() {
        for own in [
            "my_company.secrets.CustomBackend",
            "my_company.secrets.DopplerBackend",
            "builtins.dict",
        ] {
            let hint = hint_for(own);
            assert!(
                hint.starts_with("a class of your own: secretctl runs no Python"),
                "{own}: {hint}"
            );
            assert!(
                !hint.contains("contrib") && !hint.contains("Metastore"),
                "{hint}"
            );
        }
    }

    #[test]
    fn a_class_of_airflow_that_holds_no_secrets_is_none_of_your_own() {
        for other in [
            "airflow.secrets.BaseSecretsBackend",
            "airflow.sdk.execution_time.secrets.ExecutionAPISecretsBackend",
        ] {
            let hint = hint_for(other);
            assert!(
                hint.starts_with("secretctl runs no Python and has no such class"),
                "{hint}"
            );
        }
    }

    #[test]
    fn two_classes_are_one_too_many() {
        let path = BackendKind::Vault.class_path();
        let hint = hint_for(&format!("{path},{path}"));
        assert!(
            hint.starts_with("one class can stand here, not two"),
            "{hint}"
        );
    }
}

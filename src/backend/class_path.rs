//! Class paths: which Airflow class each importable path means (every path of Airflow 1.10.10 to 3.3.2).
//!
//! The surprising rule: a contrib path is an alias for today's provider class, so today's kwargs apply to it.

/// A secrets backend class that Airflow ships.
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

//! Generated cases: a grammar for each family of rules that reaches all of them, and mutations of what people really write.

mod airflow_cfg;
mod aws;
mod azure_key_vault;
mod cloud_secret_manager;
mod connection_json;
mod connection_uri;
mod expansion;
mod ids;
mod json_text;
mod kubernetes_secrets;
mod kwargs;
mod local_filesystem;
mod lookup_pattern;
mod stored;
mod vault;

use super::case::{Case, Family, Kind, Process, Release};
use super::dice::Dice;

/// A family: how many of 10,000 cases it gets, and how one is made.
pub struct Grammar {
    pub family: Family,
    pub share: u64,
    make: fn(&mut Dice) -> Case,
}

/// Every family. The shares add up to 10,000.
pub const GRAMMARS: &[Grammar] = &[
    grammar(Family::ConnectionUri, 2900, connection_uri::case),
    grammar(Family::ConnectionJson, 1700, connection_json::case),
    grammar(Family::BackendKwargs, 900, kwargs::case),
    grammar(Family::AirflowCfg, 600, airflow_cfg::case),
    grammar(Family::Expansion, 600, expansion::case),
    grammar(Family::LocalFilesystem, 1200, local_filesystem::case),
    grammar(Family::Ids, 400, ids::case),
    grammar(Family::Vault, 750, vault::case),
    grammar(Family::SystemsManager, 100, aws::systems_manager),
    grammar(Family::SecretsManager, 200, aws::secrets_manager),
    grammar(Family::LookupPattern, 300, lookup_pattern::case),
    grammar(Family::CloudSecretManager, 100, cloud_secret_manager::case),
    grammar(Family::AzureKeyVault, 150, azure_key_vault::case),
    grammar(Family::Kubernetes, 100, kubernetes_secrets::case),
];

const fn grammar(family: Family, share: u64, make: fn(&mut Dice) -> Case) -> Grammar {
    Grammar {
        family,
        share,
        make,
    }
}

/// The case with this number in a family. Of ten cases, five are for the newest server, two for its workers and three for
/// Airflow 2.11; of the variables, every third is read as JSON.
pub fn case(seed: u64, position: usize, number: u64) -> Case {
    let grammar = &GRAMMARS[position];
    let mut dice = Dice::of_case(seed, position, number);
    let mut case = (grammar.make)(&mut dice);
    (case.release, case.process) = match number % 10 {
        0..5 => (Release::V3_3, Process::Server),
        5..7 => (Release::V3_3, Process::Worker),
        _ => (Release::V2_11, Process::Server),
    };
    case.as_json = case.kind == Kind::Variable && number.is_multiple_of(3);
    case
}

//! What a service may store under an id, and what the environment has under the same one.

use super::super::case::{Case, Kind};
use super::super::dice::Dice;
use super::{connection_json, connection_uri};

/// Ids that the clouds' naming rules treat differently.
pub const IDS: &[&str] = &[
    "k",
    "k",
    "smtp_default",
    "smtp-default",
    "a.b",
    "a/b",
    "é",
    "A_B",
    "k k",
    "",
    "a--b",
    "_team___x",
    "k\n",
];

/// Texts of variables.
pub const VARIABLES: &[&str] = &["x", "", "{\"value\": 1}", " x ", "é"];

/// What is looked up: a connection every other time.
pub fn kind(dice: &mut Dice) -> Kind {
    [
        Kind::Connection,
        Kind::Connection,
        Kind::Variable,
        Kind::Config,
    ][dice.below(4)]
}

/// The text of a connection, or one of these.
pub fn text(dice: &mut Dice, kind: Kind, variables: &[&str]) -> String {
    match kind {
        Kind::Connection if dice.once_in(2) => connection_json::object(dice),
        Kind::Connection => connection_uri::uri(dice),
        _ => dice.pick(variables).to_owned(),
    }
}

/// Every other time the environment has the id `k` too, so that the fall-through shows.
pub fn with_fallback(dice: &mut Dice, case: Case) -> Case {
    match dice.once_in(2) {
        true => case
            .env("AIRFLOW_VAR_K", "from the environment")
            .env("AIRFLOW_CONN_K", "http://from-the-environment"),
        false => case,
    }
}

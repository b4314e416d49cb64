//! Texts of backend kwargs: JSON with Python's leniency, and the faults that people make in a `.env` or a Dockerfile.

use super::super::case::{Case, Family, Kind};
use super::super::dice::Dice;
use super::json_text;

const LOCAL: &str = "airflow.secrets.local_filesystem.LocalFilesystemBackend";

/// Local files whose paths stand in kwargs of all shapes; the environment has the variable too, so that the fall-through shows.
pub fn case(dice: &mut Dice) -> Case {
    let mut case = Case::new(Family::BackendKwargs, Kind::Variable, "v")
        .file("v.json", r#"{"v": "from the file"}"#);
    if dice.once_in(2) {
        case = case.env("AIRFLOW_VAR_V", "from the environment");
    }
    case = with_kwargs(dice, case);
    if dice.once_in(6) {
        case = with_single_kwargs(dice, case);
    }
    if dice.once_in(8) {
        case = worker_settings(dice, case);
    }
    case
}

fn with_kwargs(dice: &mut Dice, case: Case) -> Case {
    let class_path = dice.mostly(
        LOCAL,
        15,
        &[
            "",
            "airflow.secrets.environment_variables.EnvironmentVariablesBackend",
            "airflow.secrets.local_filesystem.LocalFilesystemBackend ",
            "airflow.secrets.local_filesystem.Nope",
            "LocalFilesystemBackend",
            "airflow.secrets.metastore.MetastoreBackend.x",
            "$CLASS",
        ],
    );
    let text = text(dice);
    match dice.below(12) {
        0 => case.env("AIRFLOW__SECRETS__BACKEND", class_path),
        1 => case
            .env("AIRFLOW__SECRETS__BACKEND", class_path)
            .env(
                "AIRFLOW__SECRETS__BACKEND_KWARGS_CMD",
                "cat {home}/kwargs.txt",
            )
            .file("kwargs.txt", text),
        _ => case.env("CLASS", LOCAL).backend(&class_path, text),
    }
}

fn text(dice: &mut Dice) -> String {
    let count = 1 + dice.below(3);
    let members: Vec<(String, String)> = (0..count)
        .map(|position| {
            let name = match position {
                0 => "variables_file_path".to_owned(),
                _ => dice.mostly(
                    dice_name(position),
                    4,
                    &[
                        "variables_file_path",
                        "variable_file_path",
                        "x",
                        "Variables_file_path",
                        "",
                        "configs_file_path",
                    ],
                ),
            };
            (name, value(dice))
        })
        .collect();
    let object = json_text::object(dice, &members);
    match dice.below(10) {
        0..5 => object,
        5 => format!(
            "{}{object}{}",
            dice.pick(&["\n", " ", "\t"]),
            dice.pick(&["\n", " \n", ""])
        ),
        6 | 7 => json_text::mutated(dice, &object),
        8 => dice
            .pick(&[
                "", " ", "null", "{}", "[]", "0", "false", "\"\"", "[1]", "5", "\"str\"", "true",
                "{'a': 1}", "NaN", "-0", "0.0", "1e-400", "{", "[{}]",
            ])
            .to_owned(),
        _ => fault(dice, &object),
    }
}

fn dice_name(position: usize) -> &'static str {
    [
        "variables_file_path",
        "connections_file_path",
        "connections_file_path",
    ][position.min(2)]
}

fn value(dice: &mut Dice) -> String {
    match dice.below(8) {
        0 => json_text::value(dice, 1),
        1 => "null".to_owned(),
        2 => json_text::string(dice, "{home}/missing.json"),
        _ => json_text::string(dice, "{home}/v.json"),
    }
}

/// A fault that people make.
fn fault(dice: &mut Dice, object: &str) -> String {
    match dice.below(8) {
        0 => object.replace('"', "'"),
        1 => object.replacen('"', "“", 1),
        2 => format!("'{object}'"),
        3 => object.replace('}', ",}"),
        4 => object.replace('"', "\\\""),
        5 => format!("{object} // the secrets"),
        6 => object.replace(':', "="),
        _ => format!("{object}{object}"),
    }
}

/// `AIRFLOW__SECRETS__BACKEND_KWARG__<NAME>`
fn with_single_kwargs(dice: &mut Dice, mut case: Case) -> Case {
    for _ in 0..=dice.below(2) {
        let name = dice.pick(&[
            "VARIABLES_FILE_PATH",
            "variables_file_path",
            "Connections_File_Path",
            "",
            "X",
            "VARIABLES_FILE_PATH_CMD",
        ]);
        let value = dice.pick(&[
            "{home}/v.json",
            "",
            "$HOME/v.json",
            "null",
            "{home}/missing.json",
        ]);
        case = case.env(format!("AIRFLOW__SECRETS__BACKEND_KWARG__{name}"), value);
    }
    case
}

/// `[workers] secrets_backend` and its kwargs.
fn worker_settings(dice: &mut Dice, case: Case) -> Case {
    let class_path = dice.mostly(
        LOCAL,
        4,
        &[
            "",
            "airflow.secrets.environment_variables.EnvironmentVariablesBackend",
            "x.Y",
        ],
    );
    let kwargs = text(dice);
    let case = match dice.once_in(6) {
        true => case,
        false => case.env("AIRFLOW__WORKERS__SECRETS_BACKEND", class_path),
    };
    let case = match dice.once_in(4) {
        true => case,
        false => case.env("AIRFLOW__WORKERS__SECRETS_BACKEND_KWARGS", kwargs),
    };
    match dice.once_in(3) {
        true => case.env(
            "AIRFLOW__WORKERS__SECRETS_BACKEND_KWARG__VARIABLES_FILE_PATH",
            "{home}/v.json",
        ),
        false => case,
    }
}

//! airflow.cfg as people and Python's `configparser` write it: sections, continuation lines, comments, interpolation.

use super::super::case::{Case, Family, Kind};
use super::super::dice::Dice;

const LOCAL: &str = "airflow.secrets.local_filesystem.LocalFilesystemBackend";
const KWARGS: &str = "{\"variables_file_path\": \"{home}/v.json\"}";

/// Settings in airflow.cfg, with a few in the environment.
pub fn case(dice: &mut Dice) -> Case {
    let mut case = Case::new(Family::AirflowCfg, Kind::Variable, "v")
        .file("v.json", r#"{"v": "from the file"}"#);
    if dice.once_in(2) {
        case = case.env("AIRFLOW_VAR_V", "from the environment");
    }
    let mut text = cfg(dice);
    if dice.once_in(5) {
        text = dice.mutated(
            &text,
            &[
                "\n", " ", "\t", "[", "]", "=", ":", "#", ";", "%", "%%", "%(", ")s", "\\", "\"",
                "é", "\u{feff}", "\r", "x",
            ],
        );
    }
    if dice.once_in(8) {
        case = case.env(
            "AIRFLOW__SECRETS__BACKEND",
            dice.pick(&["", LOCAL, "$CLASS"]),
        );
    }
    if dice.once_in(8) {
        case = case.env(
            "AIRFLOW__SECRETS__BACKEND_KWARGS",
            dice.pick(&["", KWARGS, "{}"]),
        );
    }
    if dice.once_in(10) {
        case = case
            .env("AIRFLOW_CONFIG", "{home}/other.cfg")
            .file("other.cfg", cfg(dice));
    }
    case.file("airflow.cfg", text)
}

fn cfg(dice: &mut Dice) -> String {
    let mut lines = Vec::new();
    for _ in 0..dice.below(3) {
        lines.push(noise(dice));
    }
    if dice.once_in(5) {
        lines.push("[DEFAULT]".to_owned());
        lines.push(format!(
            "{} = {}",
            dice.pick(&["folder", "backend", "backend_kwargs", "x"]),
            dice.pick(&["{home}", LOCAL, KWARGS, "1"])
        ));
    }
    if dice.once_in(3) {
        lines.push("[core]".to_owned());
        lines.push(
            dice.pick(&[
                "multi_team = False",
                "fernet_key =",
                "x = 1%%",
                "dags_folder = ~/dags",
                "multi_team = maybe",
                "executor: LocalExecutor",
            ])
            .to_owned(),
        );
    }
    lines.push(dice.mostly(
        "[secrets]",
        10,
        &[
            "[Secrets]",
            "[secrets ]",
            " [secrets]",
            "[secrets] # x",
            "[secrets",
            "[SECRETS]",
            "[]",
        ],
    ));
    for _ in 0..1 + dice.below(4) {
        lines.push(option(dice));
        if dice.once_in(4) {
            lines.push(noise(dice));
        }
    }
    if dice.once_in(6) {
        lines.push(
            dice.pick(&["[secrets]", "[workers]", "[logging]"])
                .to_owned(),
        );
        lines.push(option(dice));
    }
    lines.join("\n") + dice.pick(&["", "\n", "\n\n"])
}

fn option(dice: &mut Dice) -> String {
    let equals = dice.mostly(" = ", 4, &["=", ": ", ":", " =", "  =  ", " ", "=="]);
    match dice.below(8) {
        0..3 => format!(
            "{}{equals}{}",
            dice.mostly(
                "backend",
                12,
                &["Backend", "BACKEND", "backend ", " backend"]
            ),
            class_path(dice)
        ),
        3..7 => format!(
            "{}{equals}{}",
            dice.mostly(
                "backend_kwargs",
                8,
                &["backend_kwargs_cmd", "Backend_kwargs", "backend_kwarg"]
            ),
            kwargs(dice)
        ),
        _ => format!(
            "{}{equals}{}",
            dice.pick(&["folder", "use_cache", "x", "cache_ttl_seconds"]),
            dice.pick(&["{home}", "False", "900", "%(folder)s"])
        ),
    }
}

fn class_path(dice: &mut Dice) -> String {
    dice.mostly(
        LOCAL,
        6,
        &[
            "",
            "$CLASS",
            "\"airflow.secrets.local_filesystem.LocalFilesystemBackend\"",
            "%(x)s",
            "nope.X",
            "airflow.secrets.local_filesystem.LocalFilesystemBackend ; comment",
        ],
    )
}

fn kwargs(dice: &mut Dice) -> String {
    match dice.below(7) {
        0 => "{\n  \"variables_file_path\":\n  \"{home}/v.json\"\n  }".to_owned(),
        1 => dice
            .pick(&[
                "{\"variables_file_path\": \"%(folder)s/v.json\"}",
                "{\"variables_file_path\": \"%(missing)s\"}",
                "{\"variables_file_path\": \"100%\"}",
                "{\"variables_file_path\": \"100%%\"}",
                "{\"variables_file_path\": \"$HOME/v.json\"} # comment",
                "{\"variables_file_path\": \"{home}/v.json\" ; x\n}",
                "{\"variables_file_path\":\n\n  \"{home}/v.json\"}",
                "{\"variables_file_path\":\n# comment\n  \"{home}/v.json\"}",
                "echo {\"variables_file_path\":\\ \"{home}/v.json\"}",
                "cat {home}/v.json",
                "",
                "%(folder",
                "%(folder)",
                "%(FOLDER)s",
            ])
            .to_owned(),
        2 => "{\"variables_file_path\": \"$HOME/v.json\"}".to_owned(),
        _ => KWARGS.to_owned(),
    }
}

fn noise(dice: &mut Dice) -> String {
    dice.pick(&[
        "",
        "# comment",
        "; comment",
        "  # indented",
        "   ",
        "  ; x = y",
        "\t",
    ])
    .to_owned()
}

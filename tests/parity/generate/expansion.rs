//! `$NAME`, `${NAME}` and `~` in settings: expanded again and again until nothing changes.

use super::super::case::{Case, Family, Kind};
use super::super::dice::Dice;

const LOCAL: &str = "airflow.secrets.local_filesystem.LocalFilesystemBackend";

/// A path in the kwargs that is made of variables.
pub fn case(dice: &mut Dice) -> Case {
    let mut case = Case::new(Family::Expansion, Kind::Variable, "v")
        .file("v.json", r#"{"v": "from the file"}"#)
        .file("a$b.json", r#"{"v": "from the odd file"}"#);
    if dice.once_in(2) {
        case = case.env("AIRFLOW_VAR_V", "from the environment");
    }
    for name in ["A", "B", "C_1", "é", "1"] {
        if !dice.once_in(3) {
            case = case.env(name, variable(dice));
        }
    }
    let class_path = dice.mostly(
        LOCAL,
        8,
        &[
            "$CLASS",
            "${CLASS}",
            "$C$L",
            "~",
            "$CLASSX",
            "airflow.secrets.$MODULE.LocalFilesystemBackend",
        ],
    );
    let kwargs = match dice.below(6) {
        0 => "$KWARGS".to_owned(),
        1 => format!(
            "{{\"variables_file_path\": {}}}",
            dice.pick(&["$QUOTED", "\"$A$B\"", "$A", "\"${QUOTED}\"", "\"~/v.json\""])
        ),
        _ => format!("{{\"variables_file_path\": \"{}\"}}", path(dice)),
    };
    case.env("CLASS", LOCAL)
        .env("C", "airflow.secrets.")
        .env("L", "local_filesystem.LocalFilesystemBackend")
        .env("MODULE", "local_filesystem")
        .env("KWARGS", "{\"variables_file_path\": \"${FOLDER}/v.json\"}")
        .env("QUOTED", "\"{home}/v.json\"")
        .env(
            "FOLDER",
            dice.pick(&["$HOME", "${HOME}", "{home}", "$A", "~"]),
        )
        .backend(&class_path, kwargs)
}

fn path(dice: &mut Dice) -> String {
    let folder = dice.pick(&[
        "$HOME",
        "${HOME}",
        "{home}",
        "$FOLDER",
        "$A",
        "~",
        "$UNSET{home}",
        "{home}$UNSET",
        "$A$B",
        "${A}${B}",
    ]);
    let file = dice.pick(&[
        "v.json",
        "v.$EXT",
        "a$b.json",
        "$C_1",
        "${C_1}.json",
        "$$v.json",
        "v.json$",
        "${v.json",
        "$1v.json",
        "$é.json",
        "${}v.json",
        "v.json$ ",
    ]);
    format!("{folder}/{file}")
}

/// The value of a variable, which may name others, itself too.
fn variable(dice: &mut Dice) -> String {
    match dice.below(9) {
        0 => "{home}".to_owned(),
        1 => dice
            .pick(&["$A", "$B", "${C_1}", "$A$B", "x$A", "$B$B", "${A"])
            .to_owned(),
        2 => dice.pick(&["", "\"", "\\", "a\"b", "\\n", "\n"]).to_owned(),
        3 => dice
            .pick(&["$HOME", "~", "~root", "$", "$$", "${UNSET}", "$UNSET"])
            .to_owned(),
        _ => dice
            .pick(&[
                "v",
                "v.json",
                "json",
                "/",
                "x",
                "{home}/v.json",
                "$HOME/v.json",
                "é",
            ])
            .to_owned(),
    }
}

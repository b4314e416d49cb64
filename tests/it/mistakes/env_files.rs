//! Files given to `--env-file` that are not env files, or not the one that was meant.

use super::{Mistake, mistake};
use crate::support::cli::Secretctl;

const RIGHT: &str = "AIRFLOW_VAR_HELLO=world\n";

fn lookup(name: &str, content: impl AsRef<[u8]>) -> Secretctl {
    Secretctl::new()
        .file(name, content)
        .args(["--env-file", name, "get-var", "hello"])
}

/// The file as an editor on Windows saves it, in UTF-16.
fn utf_16() -> Vec<u8> {
    let units = RIGHT.encode_utf16().flat_map(u16::to_le_bytes);
    [0xff, 0xfe].into_iter().chain(units).collect()
}

pub fn mistakes() -> Vec<Mistake> {
    let dockerfile = "FROM quay.io/astronomer/astro-runtime:13.0.0\nENV AIRFLOW_VAR_HELLO=world\nRUN pip install x\n";
    vec![
        mistake(
            "a Dockerfile for an env file",
            7,
            lookup("Dockerfile", dockerfile),
        )
        .names("env file `Dockerfile` line 1, column 13: this is an instruction of a Dockerfile")
        .advises("copy what `ENV` sets in the Dockerfile into one")
        .obeyed(0, |run| run.file("Dockerfile", RIGHT)),
        mistake("an env file in UTF-16", 7, lookup(".env", utf_16()))
            .names("env file `.env` is UTF-16, not UTF-8")
            .advises("save it as UTF-8")
            .obeyed(0, |run| run.file(".env", RIGHT)),
        mistake(
            "an env file that does not exist",
            7,
            Secretctl::new().file(".env", RIGHT).args([
                "get-var",
                "hello",
                "--env-file",
                "config/.env",
            ]),
        )
        .names("env file `config/.env` does not exist")
        .advises("counts from the working directory"),
        mistake(
            "`${NAME}` that is not set",
            0,
            lookup(".env", "AIRFLOW_VAR_HELLO=\"${GREETING}\"\n"),
        )
        .names("`AIRFLOW_VAR_HELLO` in `.env` line 1 refers to `GREETING`, which is not set")
        .tells("nothing stands in its place, as with Compose")
        .obeyed(0, |run| run.env("GREETING", "world")),
        mistake(
            "a quote that is not closed",
            7,
            lookup(".env", "AIRFLOW_VAR_HELLO=\"world\nAIRFLOW_VAR_OTHER=x\n"),
        )
        .names("env file `.env` line 1, column 19: the quote that opens here is not closed")
        .advises("close the quote")
        .obeyed(0, |run| run.file(".env", RIGHT)),
    ]
}

/// Files of Windows, and lines that other tools write.
pub fn assert_odd_lines_work() {
    for line in [
        "\u{feff}AIRFLOW_VAR_HELLO=world\r\n",
        "AIRFLOW_VAR_HELLO = world\r\n",
        "export AIRFLOW_VAR_HELLO=world\n",
        "AIRFLOW_VAR_HELLO: world",
    ] {
        lookup(".env", line).run().prints("world").quietly();
    }
}

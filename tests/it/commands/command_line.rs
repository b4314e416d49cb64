//! The command line itself: what is wrong with it, global options, verbosity and colour.

use super::{environment, local};
use crate::support::cli::Secretctl;

#[test]
fn a_wrong_command_line_is_exit_2() {
    for arguments in [
        vec!["get-conn"],
        vec!["get-conn", "a", "b"],
        vec!["frobnicate"],
        vec!["get-conn", "a", "-o", "xml"],
        vec!["explain", "thing", "a"],
        vec!["--timeout", "0", "get-var", "a"],
        vec!["--timeout", "soon", "get-var", "a"],
        vec!["--context", "nobody", "get-var", "a"],
        vec![],
    ] {
        assert_eq!(environment(&arguments).run().code, Some(2), "{arguments:?}");
    }
    assert_eq!(
        environment(&["--version"]).run().succeeds().stdout,
        format!("secretctl {}\n", env!("CARGO_PKG_VERSION"))
    );
}

/// The help of the program and of each command.
fn helps(columns: &str) -> Vec<String> {
    let commands = ["get-conn", "get-var", "get-config", "explain"].map(|command| vec![command]);
    let programs = [vec![]].into_iter().chain(commands);
    let helps = programs.map(|command| {
        let run = environment(&command).args(["--help"]);
        run.env("COLUMNS", columns).run().succeeds().stdout.clone()
    });
    helps.collect()
}

#[test]
fn the_help_is_as_wide_as_the_terminal() {
    for (columns, widest) in [("72", 72), ("100", 100)] {
        for help in helps(columns) {
            // Where a line may be broken is between words; an example is a line of its own.
            let too_wide = help.lines().find(|line| {
                line.chars().count() > widest && !line.trim_start().starts_with("secretctl ")
            });
            assert_eq!(too_wide, None, "{columns}:\n{help}");
        }
    }
}

#[test]
fn the_help_has_headings_an_example_and_the_exit_codes() {
    for help in helps("100") {
        for heading in ["Settings:", "Lookup:", "Messages:", "Example:"] {
            let is_there = help.lines().any(|line| line == heading);
            assert!(is_there, "{heading}\n{help}");
        }
    }
    let help = helps("100").remove(0);
    for code in [0, 1, 2, 3, 4, 5, 6, 7, 8, 70] {
        let line = format!("\n  {code:>2}  ");
        assert!(help.contains(&line), "{code}\n{help}");
    }
}

/// What the help calls an example is a command line that is understood.
#[test]
fn the_examples_of_the_help_are_no_usage_errors() {
    for help in helps("200") {
        let examples = help
            .lines()
            .filter_map(|line| line.strip_prefix("  secretctl "));
        let examples: Vec<&str> = examples.collect();
        assert_eq!(examples.len(), 1, "{help}");
        let output = environment(&examples[0].split(' ').collect::<Vec<_>>())
            .file(".env", "")
            .run();
        assert_ne!(output.code, Some(2), "{output}");
    }
}

#[test]
fn global_options_stand_before_or_after_the_command() {
    for arguments in [
        ["--strict", "get-var", "test"],
        ["get-var", "--strict", "test"],
        ["get-var", "test", "--strict"],
    ] {
        local(&arguments).run().prints("my-test-variable");
    }
}

#[test]
fn verbose_tells_the_steps_but_no_value() {
    let run = local(&["-v", "get-var", "test"])
        .secret("my-test-variable")
        .may_print()
        .run();
    run.prints("my-test-variable")
        .says("LocalFilesystemBackend: variables.json#test: found");
}

#[test]
fn colour_is_for_those_who_ask_for_it() {
    environment(&["get-var", "nope", "--color", "always"])
        .run()
        .says("\u{1b}[1;31merror:\u{1b}[0m");
    for color in ["auto", "never"] {
        let output = environment(&["get-var", "nope", "--color", color]).run();
        assert!(output.stderr.starts_with("error: "), "{output}");
    }
}

#[test]
fn nothing_is_coloured_in_a_pipe() {
    for command in [
        &["explain", "var", "test"][..],
        &["explain", "var", "nope"],
        &["explain", "var", "test", "-o", "json", "--color", "always"],
        &[
            "get-conn",
            "smtp_default",
            "-o",
            "table",
            "--color",
            "always",
        ],
        &["get-var", "test", "--color", "always"],
        &["--help"],
    ] {
        let output = local(command).env("TERM", "xterm-256color").run();
        assert!(!output.stdout.contains('\u{1b}'), "{command:?}\n{output}");
    }
}

#[test]
fn an_id_cannot_steer_the_terminal() {
    let output = environment(&["get-var", "a\u{1b}[2Jb"]).run();
    assert!(!output.stderr.contains('\u{1b}'), "{output}");
}

/// A log reader, and a CI that obeys lines such as `::error`, would take such a line for the program's own.
#[test]
fn an_id_with_a_line_break_makes_no_line_of_its_own() {
    for command in [&["get-var"][..], &["get-conn"], &["explain", "var"]] {
        let arguments = [command, &["a\n::error::b"]].concat();
        let output = environment(&arguments).args(["-vv"]).run();
        let text = format!("{}{}", output.stdout, output.stderr);
        assert!(text.contains("a\\n::error::b"), "{output}");
        assert!(!text.contains("\n::"), "{output}");
    }
}

#[test]
fn no_newline_is_printed_when_none_is_wanted() {
    let output = local(&["get-conn", "smtp_default", "--field", "host", "-n"]).run();
    assert_eq!(output.succeeds().stdout, "relay.example.com");
    assert_eq!(
        local(&["get-var", "test", "--no-newline"]).run().stdout,
        "my-test-variable"
    );
    assert_eq!(
        local(&["get-config", "fernet", "-n"]).run().stdout,
        "the-key"
    );
}

#[test]
fn repeatable_options_count_before_the_command_and_after_it() {
    let run = Secretctl::new()
        .file("one.env", "AIRFLOW_VAR_ONE=1\nAIRFLOW_VAR_BOTH=first\n")
        .file("two.env", "AIRFLOW_VAR_TWO=2\nAIRFLOW_VAR_BOTH=second\n");
    let run = run.args([
        "--env-file",
        "one.env",
        "check",
        "--var",
        "ONE",
        "--var",
        "TWO",
    ]);
    let run = run
        .args(["--env-file", "two.env", "--allow-host", "localhost"])
        .run();
    run.prints("2 ids: 2 ok");
    Secretctl::new()
        .file("one.env", "AIRFLOW_VAR_BOTH=first\n")
        .file("two.env", "AIRFLOW_VAR_BOTH=second\n")
        .args([
            "--env-file",
            "one.env",
            "get-var",
            "BOTH",
            "--env-file",
            "two.env",
        ])
        .run()
        .prints("second");
}

//! Env files as `docker run --env-file` reads them: raw, a line a variable.
//!
//! Mirrors `opts.ParseEnvFile` of the Docker CLI 28. Surprising rules: quotes stay in the value, `$` means nothing, and a name
//! without `=` takes over what the process has under that name, or nothing.

use super::env_file::EnvFileProblem;

/// The statements of a file: each with its line from 1, and the value if there is a `=`.
pub(super) fn statements(
    text: &str,
) -> impl Iterator<Item = Result<(usize, &str, Option<&str>), (usize, EnvFileProblem)>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    text.lines().enumerate().filter_map(|(index, line)| {
        let line = line.trim_start();
        let is_statement = !line.is_empty() && !line.starts_with('#');
        is_statement.then(|| statement(line, index + 1))
    })
}

fn statement(
    line: &str,
    number: usize,
) -> Result<(usize, &str, Option<&str>), (usize, EnvFileProblem)> {
    let (name, value) = match line.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (line, None),
    };
    match () {
        () if name.is_empty() => Err((number, EnvFileProblem::NoName)),
        () if name.contains(char::is_whitespace) => Err((number, EnvFileProblem::BlankInName)),
        () if line.contains('\0') => Err((number, EnvFileProblem::Nul)),
        () => Ok((number, name, value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A statement's line, name and value, or the line of a fault.
    type Read<'a> = Result<(usize, &'a str, Option<&'a str>), usize>;

    fn read(text: &str) -> Vec<Read<'_>> {
        statements(text)
            .map(|statement| statement.map_err(|(line, _)| line))
            .collect()
    }

    #[test]
    fn quotes_dollars_and_comments_stay_in_a_value() {
        assert_eq!(
            read("\u{feff}A='x'\n\n  B=$A # c\n# no\nC\nD=a=b \n"),
            [
                Ok((1, "A", Some("'x'"))),
                Ok((3, "B", Some("$A # c"))),
                Ok((5, "C", None)),
                Ok((6, "D", Some("a=b ")))
            ]
        );
    }

    #[test]
    fn names_that_docker_refuses_are_refused() {
        assert_eq!(read("=x\nexport A=1\nA =1"), [Err(1), Err(2), Err(3)]);
    }
}

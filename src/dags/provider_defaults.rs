//! What classes of Airflow's providers take for a connection id: parameter names, positions and defaults, by import path.
//!
//! The table is made by `tests/record/default_ids.py` from released wheels (see `data/README.md`). The surprising rule: it is keyed
//! by the import path and never by the name, since a project's own `GKEPodOperator` has another default than the provider's.

use std::collections::HashMap;
use std::sync::LazyLock;

/// The table as text.
const TABLE: &str = include_str!("data/default_ids.txt");

/// The lines of each module. A line is split only when its name is asked for.
static MODULES: LazyLock<HashMap<&'static str, &'static str>> = LazyLock::new(|| {
    let mut modules = HashMap::new();
    let mut rest = TABLE;
    while let Some((line, after)) = rest.split_once('\n') {
        rest = after;
        if line.starts_with(['#', ' ']) {
            continue;
        }
        let end = end_of_block(after);
        modules.insert(line, &after[..end]);
        rest = &after[end..];
    }
    modules
});

/// Where the lines that start with a space end.
fn end_of_block(text: &str) -> usize {
    let lines = text
        .split_inclusive('\n')
        .take_while(|line| line.starts_with(' '));
    lines.map(str::len).sum()
}

/// A parameter that takes a connection id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ConnectionParameter {
    pub name: &'static str,
    /// Where it stands when it is given by position, from 0.
    pub position: Option<usize>,
    /// The id that is used when it is not given.
    pub default: Option<&'static str>,
}

/// The connection parameters of the class or function that `path` imports; none where it is not in the table.
pub(super) fn parameters_of(path: &str) -> Option<Vec<ConnectionParameter>> {
    let entry = entry(path)?;
    match entry.strip_prefix('=') {
        Some(current) => parameters_of(&format!("airflow.providers.{current}")),
        None => Some(entry.split(' ').filter_map(parameter).collect()),
    }
}

fn entry(path: &str) -> Option<&'static str> {
    let (module, name) = path.rsplit_once('.')?;
    let lines = MODULES.get(module)?.lines();
    lines
        .filter_map(|line| line[1..].split_once(' '))
        .find_map(|(known, entry)| (known == name).then_some(entry))
}

fn parameter(text: &'static str) -> Option<ConnectionParameter> {
    let mut parts = text.splitn(3, ':');
    let (name, position, default) = (parts.next()?, parts.next()?, parts.next()?);
    Some(ConnectionParameter {
        name,
        position: position.parse().ok(),
        default: Some(default).filter(|default| !default.is_empty()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_answers_by_import_path() {
        for (path, name, position, default) in [
            (
                "airflow.providers.amazon.aws.hooks.s3.S3Hook",
                "aws_conn_id",
                Some(0),
                Some("aws_default"),
            ),
            // the last release that had it
            (
                "airflow.providers.snowflake.operators.snowflake.SnowflakeOperator",
                "snowflake_conn_id",
                None,
                Some("snowflake_default"),
            ),
            // not the first positional
            (
                "airflow.providers.http.hooks.http.HttpHook",
                "http_conn_id",
                Some(1),
                Some("http_default"),
            ),
            // by `conn_name_attr`
            (
                "airflow.providers.postgres.hooks.postgres.PostgresHook",
                "postgres_conn_id",
                Some(0),
                Some("postgres_default"),
            ),
            // a former path
            (
                "airflow.operators.postgres_operator.PostgresOperator",
                "postgres_conn_id",
                None,
                Some("postgres_default"),
            ),
            // an alias of a notifier
            (
                "airflow.providers.slack.notifications.slack.send_slack_notification",
                "slack_conn_id",
                None,
                Some("slack_api_default"),
            ),
        ] {
            let parameters = parameters_of(path).unwrap_or_default();
            let expected = ConnectionParameter {
                name,
                position,
                default,
            };
            assert!(parameters.contains(&expected), "{path}: {parameters:?}");
        }
        for path in [
            "S3Hook",
            "hooks.s3.S3Hook",
            "airflow.providers.amazon.aws.hooks.s3.Nobody",
            "",
        ] {
            assert_eq!(parameters_of(path), None, "{path}");
        }
    }

    #[test]
    fn every_line_of_the_table_is_read() {
        let lines = TABLE.lines().filter(|line| line.starts_with(' ')).count();
        let read: usize = MODULES.values().map(|block| block.lines().count()).sum();
        assert_eq!(lines, read);
        assert!(lines > 2000, "{lines}");
    }
}

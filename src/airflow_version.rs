//! Airflow's releases: the one place that says which of them brought which rule.
//!
//! The rules were read from the wheels of apache-airflow 2.11.2, of apache-airflow-core 3.0.6, 3.1.8, 3.2.2 and 3.3.2, and
//! of apache-airflow-task-sdk 1.0.6, 1.1.8, 1.2.2 and 1.3.2; those of 2.11.2 and 3.3.2 were run as well. The surprising
//! rule: a task did not leave the server's connection model at once. In 3.0 it still uses it, in 3.1 for URIs but not for
//! JSON, and only from 3.2 on never.
//!
//! What a provider's class does follows the provider's release, and every release here can install today's.

use std::fmt;
use std::str::FromStr;

/// A minor release of Airflow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum AirflowVersion {
    /// Airflow 2.11
    V2_11,
    /// Airflow 3.0, task-sdk 1.0
    V3_0,
    /// Airflow 3.1, task-sdk 1.1
    V3_1,
    /// Airflow 3.2, task-sdk 1.2
    V3_2,
    /// Airflow 3.3, task-sdk 1.3
    #[default]
    V3_3,
}

/// Which ids `EnvironmentVariablesBackend` takes for the name of a team's secret, and does not look up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TeamGuard {
    /// None.
    None,
    /// Those that are spelt `_TEAM___ID`, whether teams are in use or not.
    Spelling,
    /// Those with `___` in them.
    Separator,
}

/// A text that names no release whose rules are known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not a release of Airflow whose rules secretctl knows: 2.11, 3.0, 3.1, 3.2 or 3.3"
)]
pub struct UnknownRelease {
    text: String,
}

impl FromStr for AirflowVersion {
    type Err = UnknownRelease;

    /// `3.3`, or with the number of a patch, `3.3.2`.
    fn from_str(text: &str) -> Result<Self, UnknownRelease> {
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let minor = match text.rsplit_once('.') {
            Some((minor, patch)) if minor.contains('.') && is_number(patch) => minor,
            _ => text,
        };
        let known = Self::ALL
            .into_iter()
            .find(|known| known.to_string() == minor);
        known.ok_or_else(|| UnknownRelease {
            text: text.to_owned(),
        })
    }
}

impl AirflowVersion {
    /// Every release whose rules are known, the oldest first.
    pub const ALL: [AirflowVersion; 5] =
        [Self::V2_11, Self::V3_0, Self::V3_1, Self::V3_2, Self::V3_3];

    /// Whether tasks have a search path and settings of their own (`airflow.sdk.execution_time.context` of task-sdk 1.0.6;
    /// `worker_mode` in `airflow.configuration.get_custom_secret_backend` of 3.0.6).
    pub fn has_worker_settings(self) -> bool {
        self >= Self::V3_0
    }

    /// Whether the API server is a layer of a task's search path (`DEFAULT_SECRETS_SEARCH_PATH_WORKERS` in
    /// `airflow.sdk.execution_time.secrets` of task-sdk 1.1.8); before, a task asks it after all layers.
    pub fn has_execution_api_backend(self) -> bool {
        self >= Self::V3_1
    }

    /// Whether `AIRFLOW__SECRETS__BACKEND_KWARG__NAME` is read (`_collect_kwarg_env_vars` in
    /// `airflow._shared.configuration.parser` of 3.2.2).
    pub fn reads_kwarg_variables(self) -> bool {
        self >= Self::V3_2
    }

    /// Whether `airflow.contrib.secrets` can be imported (2.11.2 has the package, 3.0.6 has not).
    pub fn has_contrib_package(self) -> bool {
        self < Self::V3_0
    }

    /// Whether there is a `[core] multi_team` (`config.yml` of 3.2.2).
    pub fn has_multi_team(self) -> bool {
        self >= Self::V3_2
    }

    /// Whether a lookup in the environment reads it (`airflow.secrets.environment_variables` of 3.2.2 and 3.3.2).
    pub fn reads_multi_team(self) -> bool {
        self >= Self::V3_3
    }

    /// Which ids are not looked up in the environment (`airflow.secrets.environment_variables` of 3.1.8, 3.2.2 and 3.3.2),
    /// with `[core] multi_team` as it is set.
    pub fn team_guard(self, multi_team: bool) -> TeamGuard {
        match self {
            Self::V3_2 => TeamGuard::Spelling,
            Self::V3_3 if multi_team => TeamGuard::Separator,
            _ => TeamGuard::None,
        }
    }

    /// Whether an extra that is no JSON object makes a connection unusable (`Connection._validate_extra` of 3.0.6); 2.11.2
    /// warns and keeps it.
    pub fn refuses_bad_extra(self) -> bool {
        self >= Self::V3_0
    }

    /// Whether the values in the query of a URI are read as JSON (`Connection._parse_from_uri` of 3.1.8).
    pub fn decodes_query_values(self) -> bool {
        self >= Self::V3_1
    }

    /// Whether `get_uri()` leaves a protocol that is the connection type in the host (`Connection.get_uri` of 3.1.8 and of
    /// task-sdk 1.1.8); before, it is written as a second scheme.
    pub fn keeps_protocol_in_host(self) -> bool {
        self >= Self::V3_1
    }

    /// The argument of `Connection` that names a team (`Connection.__init__` of 3.1.8 and 3.2.2).
    pub fn team_argument(self) -> Option<&'static str> {
        match self {
            Self::V2_11 | Self::V3_0 => None,
            Self::V3_1 => Some("team_id"),
            Self::V3_2 | Self::V3_3 => Some("team_name"),
        }
    }

    /// Whether ids have letters of ASCII only, and no line break after them (`sanitize_conn_id` of 2.11.2, which uses re2).
    pub fn has_ascii_ids(self) -> bool {
        self < Self::V3_0
    }

    /// Whether a task reads JSON with the Task SDK's model (`Connection.from_json` of 3.1.8 hands it over).
    pub fn tasks_read_json_with_sdk(self) -> bool {
        self >= Self::V3_1
    }

    /// Whether a task reads a URI with the Task SDK's model (`_deserialize_connection_value` in
    /// `airflow.sdk._shared.secrets_backend.base` of task-sdk 1.2.2).
    pub fn tasks_read_uris_with_sdk(self) -> bool {
        self >= Self::V3_2
    }

    /// Whether a lookup in a task writes the URI, and fails if it cannot (`_get_connection` in
    /// `airflow.sdk.execution_time.context` of task-sdk 1.1.8).
    pub fn tasks_write_uri_in_lookup(self) -> bool {
        self >= Self::V3_1
    }

    /// Whether the Task SDK's model takes a `uri` (`airflow.sdk.Connection.__init__` of task-sdk 1.2.2).
    pub fn sdk_takes_uri(self) -> bool {
        self >= Self::V3_2
    }

    /// Whether the Task SDK's model keeps the extra of a `uri` argument as a text that a task can read (`attrs.asdict` in
    /// task-sdk 1.3.2); 1.2.2 keeps it parsed, and fails to parse it again.
    pub fn sdk_keeps_extra_of_uri(self) -> bool {
        self >= Self::V3_3
    }

    /// Whether the type of a secrets file goes by `pathlib.Path(path).suffix` (`airflow.secrets.local_filesystem` of 3.1.8);
    /// before, by whatever follows the last point of the whole path.
    pub fn takes_file_type_from_suffix(self) -> bool {
        self >= Self::V3_1
    }

    /// Whether an env file of `LocalFilesystemBackend` may not have an empty key (`_parse_env_file` of 3.1.8).
    pub fn refuses_empty_key(self) -> bool {
        self >= Self::V3_1
    }

    /// Whether only white space of ASCII may stand before the `#` of a comment there (`COMMENT_PATTERN` of 2.11.2 is of re2).
    pub fn has_ascii_comments(self) -> bool {
        self < Self::V3_0
    }

    /// Whether a variable that is a list in JSON or YAML stays one (`load_variables` of 3.2.2); before, one item stands for
    /// itself, and any other list fails the file.
    pub fn keeps_lists(self) -> bool {
        self >= Self::V3_2
    }

    /// Whether `LocalFilesystemBackend` has `configs_file_path` (its constructor in 3.2.2).
    pub fn has_configs_file(self) -> bool {
        self >= Self::V3_2
    }
}

impl fmt::Display for AirflowVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V2_11 => "2.11",
            Self::V3_0 => "3.0",
            Self::V3_1 => "3.1",
            Self::V3_2 => "3.2",
            Self::V3_3 => "3.3",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_in_order_and_the_newest_is_the_default() {
        assert!(AirflowVersion::ALL.is_sorted());
        assert_eq!(AirflowVersion::ALL.last(), Some(&AirflowVersion::default()));
    }

    #[test]
    fn a_release_is_read_as_it_is_shown_with_or_without_a_patch() {
        for version in AirflowVersion::ALL {
            assert_eq!(version.to_string().parse(), Ok(version));
            assert_eq!(format!("{version}.2").parse(), Ok(version));
        }
        for odd in ["", "3", "3.3.", "3.3.x", "3.9", "2.10", "3.3.2.1"] {
            assert!(odd.parse::<AirflowVersion>().is_err(), "{odd}");
        }
    }
}

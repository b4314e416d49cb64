//! Which of Airflow's connection models reads a value: the class, and the release it is of.
//!
//! The surprising rule: in a task of Airflow 3.1 it depends on the value. JSON is read by the Task SDK's class, a URI still
//! by the server's.

use crate::airflow_version::AirflowVersion;

/// The connection model to follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Model {
    pub(super) class: Class,
    pub(super) version: AirflowVersion,
}

/// A class that is named `Connection`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// `airflow.models.Connection`: the CLI, the scheduler, the API server.
    Server,
    /// `airflow.sdk.Connection`: what a task sees.
    Worker,
}

impl Model {
    /// What the CLI, the scheduler and the API server of a release use.
    pub fn server(version: AirflowVersion) -> Self {
        Self {
            class: Class::Server,
            version,
        }
    }

    /// What a task of a release uses.
    pub fn worker(version: AirflowVersion) -> Self {
        Self {
            class: Class::Worker,
            version,
        }
    }

    /// The server's model of the same release.
    pub fn of_server(self) -> Self {
        Self::server(self.version)
    }

    /// The model that reads JSON.
    pub(super) fn for_json(self) -> Self {
        self.of_task_sdk_if(self.version.tasks_read_json_with_sdk())
    }

    /// The model that reads a URI.
    pub(super) fn for_uri(self) -> Self {
        self.of_task_sdk_if(self.version.tasks_read_uris_with_sdk())
    }

    fn of_task_sdk_if(self, tasks_use_sdk: bool) -> Self {
        match tasks_use_sdk {
            true => self,
            false => self.of_server(),
        }
    }

    /// Whether an extra that is no JSON object is kept.
    pub(super) fn keeps_bad_extra(self) -> bool {
        self.class == Class::Worker || !self.version.refuses_bad_extra()
    }

    /// Whether a release that keeps such an extra warns of it.
    pub(super) fn warns_of_bad_extra(self) -> bool {
        self.class == Class::Server && self.keeps_bad_extra()
    }

    /// Whether the values in a URI's query are read as JSON.
    pub(super) fn decodes_query_values(self) -> bool {
        self.class == Class::Server && self.version.decodes_query_values()
    }

    /// The argument that names a team, which has no part in a lookup.
    pub(super) fn team_argument(self) -> Option<&'static str> {
        self.version
            .team_argument()
            .filter(|_| self.class == Class::Server)
    }

    /// Whether a password or extra is encrypted as soon as it is set.
    pub(super) fn encrypts(self) -> bool {
        self.class == Class::Server
    }
}

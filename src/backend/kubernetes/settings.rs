//! The kwargs of `KubernetesSecretsBackend`: labels, data keys and the namespace.
//!
//! The surprising rule: an unknown kwarg stops Airflow at start-up, except `context`, which reaches the constructor of
//! Airflow's logging class and does nothing. It names no kubeconfig context.

use super::label;
use crate::backend::kwargs::{Faults, KwargError, Kwargs};
use crate::finding::Finding;
use crate::python::json::Value;
use crate::secret_kind::{PerKind, SecretId, SecretKind};

/// Every kwarg of the constructor.
pub const KWARGS: &[&str] = &[
    "namespace",
    "connections_label",
    "variables_label",
    "config_label",
    "team_label",
    "connections_data_key",
    "variables_data_key",
    "config_data_key",
];

/// What `LoggingMixin.__init__` takes through the constructor's `**kwargs`.
const IGNORED: &str = "context";

/// How secrets of one kind are found and read.
#[derive(Clone, Debug)]
pub struct Keys {
    /// The label that holds the id; `None`: Kubernetes is not asked for this kind.
    pub label: Option<String>,
    /// The key of the secret's data that holds the value.
    pub data_key: String,
}

/// The kwargs, read.
#[derive(Clone, Debug)]
pub struct KubernetesSettings {
    /// The namespace that is asked; `None`: the pod's own, or the kubeconfig context's.
    pub namespace: Option<String>,
    /// The label of secrets that belong to a team.
    pub team_label: Option<String>,
    keys: PerKind<Keys>,
    has_ignored: bool,
    faults: Faults<KwargError>,
}

/// The kwarg that holds the label of a kind.
pub fn label_kwarg(kind: SecretKind) -> &'static str {
    match kind {
        SecretKind::Connection => "connections_label",
        SecretKind::Variable => "variables_label",
        SecretKind::Config => "config_label",
    }
}

/// The kwarg that holds the key of the data of a kind.
fn data_key_kwarg(kind: SecretKind) -> &'static str {
    match kind {
        SecretKind::Connection => "connections_data_key",
        SecretKind::Variable => "variables_data_key",
        SecretKind::Config => "config_data_key",
    }
}

fn default_label(kind: SecretKind) -> &'static str {
    match kind {
        SecretKind::Connection => "airflow.apache.org/connection-id",
        SecretKind::Variable => "airflow.apache.org/variable-key",
        SecretKind::Config => "airflow.apache.org/config-key",
    }
}

impl KubernetesSettings {
    /// Reads the kwargs as the constructor does.
    ///
    /// # Errors
    /// A kwarg that it does not know.
    pub fn from_kwargs(kwargs: Kwargs<'_>) -> Result<KubernetesSettings, KwargError> {
        let is_ignored = |error: &KwargError| matches!(error, KwargError::Unknown { name, .. } if name == IGNORED);
        if let Some(unknown) = kwargs
            .unknown(KWARGS)
            .into_iter()
            .find(|error| !is_ignored(error))
        {
            return Err(unknown);
        }
        let mut reader = Reader {
            kwargs,
            faults: Faults::default(),
        };
        Ok(Self {
            namespace: reader.text_if_truthy("namespace"),
            team_label: match kwargs.get("team_label") {
                None => Some("airflow.apache.org/team".to_owned()),
                Some(_) => reader.text_if_truthy("team_label"),
            },
            keys: PerKind::from_fn(|kind| reader.keys(kind)),
            has_ignored: kwargs.get(IGNORED).is_some(),
            faults: reader.faults,
        })
    }

    /// # Errors
    /// A kwarg of the wrong type: Airflow starts with it, and every lookup fails or finds nothing.
    pub fn usable(&self) -> Result<(), KwargError> {
        self.faults.check()
    }

    /// How secrets of a kind are found and read.
    pub fn keys(&self, kind: SecretKind) -> &Keys {
        self.keys.get(kind)
    }

    /// The label and the selector that find a secret; `Err` says why Kubernetes is not asked.
    pub fn question(&self, secret: &SecretId) -> Result<Question<'_>, String> {
        let SecretId { kind, id } = secret;
        let Some(label) = self.keys(*kind).label.as_deref() else {
            return Err(format!(
                "`{}` is null, so Kubernetes is not asked for a {kind}",
                label_kwarg(*kind)
            ));
        };
        if *kind != SecretKind::Config && label::names_a_team(id) {
            return Err(
                "an id like `_team___id` could name a team's secret, so it is not looked up"
                    .to_owned(),
            );
        }
        Ok(Question {
            label,
            selector: label::selector(label, id, self.team_label.as_deref()),
        })
    }

    /// The first label of this kind's selector that cannot be the key of a label, by its kwarg.
    pub fn impossible_label(&self, kind: SecretKind) -> Option<&'static str> {
        let is_impossible =
            |label: &Option<String>| label.as_deref().is_some_and(|label| !label::is_key(label));
        if is_impossible(&self.keys(kind).label) {
            Some(label_kwarg(kind))
        } else {
            is_impossible(&self.team_label).then_some("team_label")
        }
    }

    /// What a person should know about these settings.
    pub fn findings(&self) -> Vec<Finding> {
        let sentence = "kwarg `context` does nothing: Airflow's class takes it for its logging; it does not name a kubeconfig context";
        let finding = self
            .has_ignored
            .then(|| Finding::warning("unknown-kwarg", sentence));
        finding.into_iter().collect()
    }
}

/// What Kubernetes is asked for.
#[derive(Debug, PartialEq, Eq)]
pub struct Question<'a> {
    /// The label that holds the id.
    pub label: &'a str,
    /// The whole selector.
    pub selector: String,
}

/// Reads kwargs and keeps the first fault.
struct Reader<'a> {
    kwargs: Kwargs<'a>,
    faults: Faults<KwargError>,
}

impl Reader<'_> {
    /// `if value:`, then as text.
    fn text_if_truthy(&mut self, name: &'static str) -> Option<String> {
        self.kwargs.get(name).filter(|value| value.is_truthy())?;
        self.faults.note(self.kwargs.text(name)).flatten()
    }

    fn keys(&mut self, kind: SecretKind) -> Keys {
        let (label, data_key) = (label_kwarg(kind), data_key_kwarg(kind));
        let default_label = default_label(kind);
        // A label of the wrong type is not null: the default in its place keeps the kind from counting as switched off.
        let own_label = match self.kwargs.get(label) {
            None => Some(default_label.to_owned()),
            Some(Value::None) => None,
            Some(_) => self
                .faults
                .note(self.kwargs.text(label))
                .unwrap_or_else(|| Some(default_label.to_owned())),
        };
        let own_key = match self.kwargs.get(data_key) {
            None => None,
            Some(null @ Value::None) => {
                let wrong = self.kwargs.wrong_type(data_key, "text", null);
                self.faults.note(Err(wrong))
            }
            Some(_) => self.faults.note(self.kwargs.text(data_key)).flatten(),
        };
        Keys {
            label: own_label,
            data_key: own_key.unwrap_or_else(|| "value".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Fault;
    use crate::python::json;

    fn settings(kwargs: &str) -> Result<KubernetesSettings, KwargError> {
        let Ok(Value::Dict(kwargs)) = json::loads(kwargs) else {
            panic!("not a JSON object: {kwargs}")
        };
        KubernetesSettings::from_kwargs(Kwargs::new("KubernetesSecretsBackend", &kwargs))
    }

    fn selector(kwargs: &str, kind: SecretKind, id: &str) -> Result<String, String> {
        settings(kwargs)
            .unwrap()
            .question(&SecretId::new(kind, id))
            .map(|question| question.selector)
    }

    #[test]
    fn each_kind_has_a_label_of_its_own() {
        let by_default = |kind| selector("{}", kind, "id").unwrap();
        assert_eq!(
            by_default(SecretKind::Connection),
            "airflow.apache.org/connection-id=id,!airflow.apache.org/team"
        );
        assert_eq!(
            by_default(SecretKind::Variable),
            "airflow.apache.org/variable-key=id,!airflow.apache.org/team"
        );
        assert_eq!(
            by_default(SecretKind::Config),
            "airflow.apache.org/config-key=id,!airflow.apache.org/team"
        );
        assert_eq!(
            selector(r#"{"config_label": "a/b"}"#, SecretKind::Config, "id").unwrap(),
            "a/b=id,!airflow.apache.org/team"
        );
    }

    #[test]
    fn every_false_team_label_leaves_the_second_condition_out() {
        for team_label in ["null", "\"\"", "false", "0"] {
            let kwargs = format!(r#"{{"team_label": {team_label}, "variables_label": "v"}}"#);
            assert_eq!(
                selector(&kwargs, SecretKind::Variable, "id").unwrap(),
                "v=id"
            );
        }
    }

    #[test]
    fn a_null_label_and_an_id_of_a_team_are_not_asked_for() {
        let why = selector(r#"{"variables_label": null}"#, SecretKind::Variable, "id").unwrap_err();
        assert_eq!(
            why,
            "`variables_label` is null, so Kubernetes is not asked for a variable"
        );
        assert!(
            selector("{}", SecretKind::Connection, "_team___x")
                .unwrap_err()
                .contains("team")
        );
        assert!(selector("{}", SecretKind::Config, "_team___x").is_ok());
    }

    #[test]
    fn an_unknown_kwarg_stops_airflow_and_context_does_not() {
        let error = settings(r#"{"connection_label": "x"}"#).unwrap_err();
        assert_eq!(error.hint().unwrap(), "did you mean `connections_label`?");
        let odd = settings(r#"{"context": "minikube"}"#).unwrap();
        assert!(odd.usable().is_ok() && odd.findings()[0].sentence.contains("does nothing"));
        assert!(settings("{}").unwrap().findings().is_empty());
    }

    #[test]
    fn a_wrong_type_waits_for_the_lookup() {
        for kwargs in [
            r#"{"namespace": 5}"#,
            r#"{"variables_data_key": null}"#,
            r#"{"config_label": false}"#,
            r#"{"team_label": 1}"#,
        ] {
            assert!(settings(kwargs).unwrap().usable().is_err(), "{kwargs}");
        }
        assert_eq!(settings(r#"{"namespace": ""}"#).unwrap().namespace, None);
    }

    #[test]
    fn a_label_that_cannot_be_is_told_by_its_kwarg() {
        let impossible = |kwargs: &str| {
            settings(kwargs)
                .unwrap()
                .impossible_label(SecretKind::Variable)
        };
        assert_eq!(impossible("{}"), None);
        assert_eq!(
            impossible(r#"{"variables_label": "a b"}"#),
            Some("variables_label")
        );
        assert_eq!(impossible(r#"{"team_label": "a b"}"#), Some("team_label"));
    }
}

//! Telling apart what Kubernetes does not: nobody from somebody without a role, an absent secret from a mislabelled one.
//!
//! Every question here is asked only after a lookup has failed, so that a good run sends what Airflow sends and no more. No
//! value is asked for: names and labels are enough.

use super::client::{KubernetesSession, METADATA_ONLY, message_in};
use super::error::KubernetesError;
use super::secret_list::{ListedSecret, SecretList};
use crate::deadline::Deadline;
use crate::http::Reply;
use crate::python::json::{Dict, Value};

/// The user name of a request without credentials.
const ANONYMOUS: &str = "system:anonymous";
/// Where a client asks who it is (Kubernetes 1.28 and later).
const SELF_REVIEW: &str = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
/// The most secrets that are looked through, and the most hints that are given.
const LOOKED_THROUGH: usize = 500;
const MOST_HINTS: usize = 3;

/// What a 403 means: by the user that the server's message names, else by asking until `deadline` who this client is.
pub async fn why_forbidden(
    session: &KubernetesSession,
    reply: &Reply,
    deadline: Option<Deadline>,
) -> KubernetesError {
    let user = match (message_in(reply).as_deref().and_then(user_in), deadline) {
        (Some(user), _) => Some(user.to_owned()),
        (None, Some(deadline)) => match own_name(session, deadline).await {
            Ok(name) => name,
            Err(not_accepted) => return not_accepted,
        },
        (None, None) => None,
    };
    let origin = session.credential_origin().to_owned();
    if user.as_deref() == Some(ANONYMOUS) {
        return KubernetesError::Anonymous { origin };
    }
    KubernetesError::Denied {
        identity: user.map_or(origin, |user| {
            format!("`{}`", session.without_secrets(&user))
        }),
        namespace: session.namespace().to_owned(),
    }
}

/// The user in `secrets is forbidden: User "NAME" cannot list resource ...`.
fn user_in(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once("User \"")?;
    rest.split_once('"')
        .map(|(name, _)| name)
        .filter(|name| !name.is_empty())
}

/// This client's user name; `None` if the server cannot tell, `Err` if it does not know this client.
async fn own_name(
    session: &KubernetesSession,
    deadline: Deadline,
) -> Result<Option<String>, KubernetesError> {
    let question = Value::Dict(Dict::from([
        (
            "apiVersion".to_owned(),
            Value::text("authentication.k8s.io/v1"),
        ),
        ("kind".to_owned(), Value::text("SelfSubjectReview")),
    ]));
    let Ok(reply) = session.review(SELF_REVIEW, &question, deadline).await else {
        return Ok(None);
    };
    match reply.status.as_u16() {
        200 | 201 => Ok(reply
            .members()
            .map(Value::Dict)
            .as_ref()
            .and_then(user_name)),
        401 | 403 => {
            let said = message_in(&reply).map(|message| session.without_secrets(&message));
            Err(KubernetesError::Unauthorized {
                origin: session.credential_origin().to_owned(),
                said,
            })
        }
        _ => Ok(None),
    }
}

/// The name in the server's answer to the review.
fn user_name(review: &Value) -> Option<String> {
    let name = review.at(&["status", "userInfo", "username"])?.as_text()?;
    Some(name.expose().to_owned())
}

/// What may be the matter with a secret that no label leads to, though one could.
pub async fn why_absent(
    session: &KubernetesSession,
    wanted: &Wanted<'_>,
    deadline: Deadline,
) -> Vec<String> {
    let limit = LOOKED_THROUGH.to_string();
    let listed = session
        .list_secrets(&[("limit", limit.as_str())], METADATA_ONLY, deadline)
        .await;
    let answer = listed
        .ok()
        .filter(|reply| reply.status.is_success())
        .and_then(|reply| reply.members());
    let Some(list) = answer.and_then(SecretList::new) else {
        return vec![where_asked(session)];
    };
    let mut hints: Vec<String> = list
        .secrets
        .iter()
        .filter_map(|secret| wanted.near_miss(secret))
        .take(MOST_HINTS)
        .collect();
    if hints.is_empty() && list.goes_on {
        hints.push(format!(
            "of the secrets of namespace `{}` only the first {} were looked through for an id that is nearly this one",
            session.namespace(),
            list.secrets.len()
        ));
    } else if hints.is_empty() {
        hints.push(where_asked(session));
    }
    hints
}

fn where_asked(session: &KubernetesSession) -> String {
    format!(
        "only namespace `{}` was asked; secrets of other namespaces are not seen, and \"namespace\" in the kwargs names another",
        session.namespace()
    )
}

/// What was looked for.
pub struct Wanted<'a> {
    /// The id.
    pub id: &'a str,
    /// The label that should hold it.
    pub label: &'a str,
    /// The label of secrets that belong to a team.
    pub team_label: Option<&'a str>,
}

impl Wanted<'_> {
    /// What a secret lacks to be the one that is wanted, if it is not far from it.
    fn near_miss(&self, secret: &ListedSecret) -> Option<String> {
        let name = secret.name();
        let team = self
            .team_label
            .and_then(|label| secret.label(label).map(|team| (label, team)));
        match (secret.label(self.label), team) {
            (Some(value), Some((label, team))) if value == self.id => Some(format!(
                "secret `{name}` has this id, but also the label `{label}={team}`, so only that team's tasks find it"
            )),
            (Some(value), _) if value == self.id => Some(format!(
                "secret `{name}` has this label after all; it may have been made a moment ago"
            )),
            (Some(value), _) if are_alike(value, self.id) => Some(format!(
                "secret `{name}` has the label `{}={value}`; is that the id?",
                self.label
            )),
            (Some(_), _) => None,
            (None, _) => self.missing_label(secret, &name),
        }
    }

    fn missing_label(&self, secret: &ListedSecret, name: &str) -> Option<String> {
        if let Some((other, _)) = secret.labels().find(|(_, value)| *value == self.id) {
            return Some(format!(
                "secret `{name}` has this id in its label `{other}`, and Airflow looks at `{}`",
                self.label
            ));
        }
        are_alike(name, self.id).then(|| {
            format!("secret `{name}` lacks the label; Airflow finds secrets by label, not by name: `{}={}`", self.label, self.id)
        })
    }
}

/// Whether two ids differ at most in case and in `-`, `_` and `.`.
fn are_alike(left: &str, right: &str) -> bool {
    let essence = |id: &str| -> String {
        id.chars()
            .filter(|c| !matches!(c, '-' | '_' | '.'))
            .map(|c| c.to_ascii_lowercase())
            .collect()
    };
    essence(left) == essence(right)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::python::json;

    fn near_miss(id: &str, metadata: &str) -> Option<String> {
        let list = format!(r#"{{"items": [{{"metadata": {metadata}}}]}}"#);
        let Ok(Value::Dict(list)) = json::loads(&list) else {
            panic!("not a JSON object: {list}")
        };
        let secrets = SecretList::new(list).unwrap().secrets;
        Wanted {
            id,
            label: "conn",
            team_label: Some("team"),
        }
        .near_miss(&secrets[0])
    }

    #[test]
    fn a_secret_of_a_team_is_told() {
        let hint = near_miss(
            "a_b",
            r#"{"name": "s", "labels": {"conn": "a_b", "team": "blue"}}"#,
        )
        .unwrap();
        assert_eq!(
            hint,
            "secret `s` has this id, but also the label `team=blue`, so only that team's tasks find it"
        );
    }

    #[test]
    fn an_id_that_is_written_otherwise_is_told() {
        let hint = near_miss(
            "smtp_default",
            r#"{"name": "s", "labels": {"conn": "smtp-Default"}}"#,
        )
        .unwrap();
        assert_eq!(
            hint,
            "secret `s` has the label `conn=smtp-Default`; is that the id?"
        );
    }

    #[test]
    fn another_label_with_the_id_is_told() {
        let hint = near_miss(
            "a",
            r#"{"name": "s", "labels": {"app": "x", "variable": "a"}}"#,
        )
        .unwrap();
        assert_eq!(
            hint,
            "secret `s` has this id in its label `variable`, and Airflow looks at `conn`"
        );
    }

    #[test]
    fn a_name_without_a_label_is_told() {
        let hint = near_miss("smtp_default", r#"{"name": "smtp-default"}"#).unwrap();
        assert!(
            hint.contains("by label, not by name: `conn=smtp_default`"),
            "{hint}"
        );
    }

    #[test]
    fn other_secrets_are_left_alone() {
        assert_eq!(
            near_miss("a", r#"{"name": "a", "labels": {"conn": "b"}}"#),
            None
        );
        assert_eq!(
            near_miss("a", r#"{"name": "other", "labels": {"app": "x"}}"#),
            None
        );
    }

    #[test]
    fn the_user_is_read_from_the_servers_message() {
        let message = r#"secrets is forbidden: User "system:serviceaccount:a:b" cannot list resource "secrets" in API group """#;
        assert_eq!(user_in(message), Some("system:serviceaccount:a:b"));
        assert_eq!(user_in("forbidden"), None);
        assert_eq!(user_in(r#"User "" cannot"#), None);
    }
}

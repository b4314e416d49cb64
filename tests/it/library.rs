//! The library as another program uses it: a backend of its own, known to nothing in `src`, takes part in every lookup.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use secretctl::{
    Answer, Backend, BackendError, Console, Deadline, Env, Failure, Fault, Files, Location, Lookup,
    LookupOptions, Secret, SecretId, SecretKind, SecretRef, SecretText, Settings,
};

const CLASS: &str = "company.secrets.CabinetBackend";

/// Has what its drawer holds; some drawers are locked, and it serves no config.
struct Cabinet;

/// A drawer of the cabinet that does not open.
#[derive(Debug, thiserror::Error)]
#[error("the drawer is locked")]
struct Locked;

impl Fault for Locked {
    fn failure(&self) -> Failure {
        Failure::Denied
    }

    fn hint(&self) -> Option<String> {
        Some("ask the janitor for the key".into())
    }
}

#[async_trait]
impl Backend for Cabinet {
    fn name(&self) -> &'static str {
        "CabinetBackend"
    }

    fn locate(&self, secret: &SecretId) -> Location {
        match secret.kind {
            SecretKind::Config => Location::Skipped("a cabinet has no config".into()),
            _ => Location::At(SecretRef::local(secret, format!("drawer/{}", secret.id))),
        }
    }

    async fn get(&self, secret: &SecretRef, _: Deadline) -> Result<Answer, BackendError> {
        match secret.name() {
            "drawer/locked" => Err(Locked.into()),
            "drawer/fax" => Ok(Answer::Found(Secret::Text(SecretText::new(
                "http://:pw@fax:9",
            )))),
            _ => Ok(Answer::Absent(None)),
        }
    }
}

async fn look_up(kind: SecretKind, ids: &[&str]) -> Vec<Lookup> {
    look_up_in(Box::new(Cabinet), kind, ids).await
}

async fn look_up_in(backend: Box<dyn Backend>, kind: SecretKind, ids: &[&str]) -> Vec<Lookup> {
    let env = Env::from_pairs([
        ("AIRFLOW_VAR_LOCKED", "of the environment"),
        ("AIRFLOW_CONN_PHONE", "tcp://phone"),
    ]);
    let options = LookupOptions::default();
    let settings = Settings::load(env, &Files::default(), options, Console::silent()).await;
    let search_path = settings.unwrap().open().await.unwrap();
    let search_path = search_path.with_backend(CLASS, backend);
    let secrets: Vec<_> = ids.iter().map(|id| SecretId::new(kind, *id)).collect();
    search_path.lookup_many(&secrets).await
}

fn words(lookup: &Lookup) -> Vec<(&str, &str)> {
    let layers = lookup.layers.iter();
    layers
        .map(|layer| (layer.class_path, layer.outcome.word()))
        .collect()
}

#[tokio::test]
async fn a_backend_of_ones_own_is_asked_first() {
    let lookups = look_up(SecretKind::Connection, &["fax", "phone", "telex"]).await;
    let [fax, phone, telex] = <[Lookup; 3]>::try_from(lookups).unwrap();
    assert_eq!(words(&fax), [(CLASS, "found")]);
    assert_eq!(words(&phone)[0], (CLASS, "not_found"));
    assert_eq!(telex.failure(), Failure::NotDefined);
    for (lookup, host) in [(fax, "fax"), (phone, "phone")] {
        let (connection, _) = lookup.into_connection().unwrap();
        let found = connection.field("host").unwrap().unwrap();
        assert_eq!(found.expose(), host);
    }
}

#[tokio::test]
async fn its_errors_are_told_with_their_kind_and_advice() {
    let locked = look_up(SecretKind::Variable, &["locked"]).await.remove(0);
    assert_eq!(words(&locked)[0], (CLASS, "denied"));
    assert!(
        locked
            .hints()
            .contains(&"ask the janitor for the key".to_owned())
    );
    assert!(locked.into_value().is_ok(), "the environment has it");
}

#[tokio::test]
async fn what_it_does_not_serve_is_skipped() {
    let config = look_up(SecretKind::Config, &["fax"]).await.remove(0);
    assert_eq!(words(&config)[0], (CLASS, "skipped"));
}

/// Answers nobody, and counts who asks.
struct Outage(Arc<AtomicUsize>);

#[derive(Debug, thiserror::Error)]
#[error("nobody is at home")]
struct NobodyHome;

impl Fault for NobodyHome {
    fn failure(&self) -> Failure {
        Failure::Unreachable
    }
}

#[async_trait]
impl Backend for Outage {
    fn name(&self) -> &'static str {
        "OutageBackend"
    }

    fn locate(&self, secret: &SecretId) -> Location {
        Location::At(SecretRef::local(secret, secret.id.clone()))
    }

    async fn get(&self, _: &SecretRef, _: Deadline) -> Result<Answer, BackendError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        tokio::task::yield_now().await;
        Err(NobodyHome.into())
    }
}

#[tokio::test]
async fn an_outage_is_not_tried_for_every_id() {
    let asked = Arc::new(AtomicUsize::new(0));
    let ids: Vec<String> = (0..1000).map(|number| number.to_string()).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let backend = Outage(Arc::clone(&asked));
    let lookups = look_up_in(Box::new(backend), SecretKind::Variable, &ids).await;
    assert_eq!(lookups.len(), 1000);
    for lookup in &lookups {
        assert_eq!(lookup.failure(), Failure::Unreachable);
    }
    assert!(asked.load(Ordering::Relaxed) <= 16, "{asked:?}");
}

//! Many ids with few requests, each answered as it is when it is asked for alone.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tempfile::TempDir;

use secretctl::json::Value as PythonValue;
use secretctl::{
    Console, Env, Failure, Files, Finding, FoundValue, Listener, Lookup, LookupOptions, SecretId,
    SecretKind, Settings, Verbosity,
};

use super::{BACKEND, config_for};
use crate::support::fake_server::{FakeServer, Request, Response};
use crate::support::kubernetes::{secret, secrets, status};

const LABEL: &str = "airflow.apache.org/variable-key";

/// The value of the selector in a request, with its percent-encoding undone.
fn selector(request: &Request) -> String {
    let url = url::Url::parse(&format!("http://server{}", request.target)).unwrap();
    let pairs: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
    assert_eq!(pairs["resourceVersion"], "0");
    pairs["labelSelector"].clone()
}

/// The ids that a selector names, as far as an API server takes it for one.
fn ids_of(selector: &str) -> Option<Vec<String>> {
    let ids = selector
        .strip_prefix(LABEL)?
        .strip_suffix(",!airflow.apache.org/team")?;
    let ids = match ids.strip_prefix(" in (") {
        Some(many) => many.strip_suffix(')')?,
        None => ids.strip_prefix('=')?,
    };
    let ids: Vec<String> = ids.split(',').map(str::to_owned).collect();
    let is_value = |id: &String| id.chars().all(|c| c.is_ascii_alphanumeric());
    ids.iter().all(is_value).then_some(ids)
}

/// An API server that holds `a1`, `a2`, ... as secrets with their label, in an order of its own, except for every tenth;
/// `twice` is the label of two, and `odd` of one without the key.
fn cluster(request: &Request) -> Option<Response> {
    let Some(ids) = ids_of(&selector(request)) else {
        return Some(status(400, "unable to parse requirement"));
    };
    let labelled = |name: &str, id: &str, value: &str| {
        let mut secret = secret(name, value);
        secret["metadata"]["labels"] = json!({LABEL: id});
        secret
    };
    let found = ids.iter().rev().flat_map(|id| match id.as_str() {
        "twice" => vec![labelled("first", id, "1"), labelled("second", id, "2")],
        "odd" => vec![json!({"metadata": {"name": "odd", "labels": {LABEL: id}}, "data": {}})],
        id if id.starts_with('a') && !id.ends_with('0') => vec![labelled(id, id, id)],
        _ => Vec::new(),
    });
    Some(secrets(&found.collect::<Vec<Value>>()))
}

/// What a run tells.
#[derive(Default)]
struct Told(Mutex<Vec<String>>);

impl Listener for Told {
    fn finding(&self, finding: &Finding) {
        self.0.lock().unwrap().push(finding.sentence.clone());
    }

    fn line(&self, _line: &str) {}
}

/// What this cluster says of variables `ids`, and what was told on the way.
fn looked_up(server: &FakeServer, kwargs: &Value, ids: &[&str]) -> (Vec<Lookup>, Vec<String>) {
    let folder = TempDir::new().unwrap();
    let config = folder.path().join("config");
    std::fs::write(&config, config_for(server).to_string()).unwrap();
    let env = Env::from_pairs([
        ("AIRFLOW__SECRETS__BACKEND", BACKEND.to_owned()),
        ("AIRFLOW__SECRETS__BACKEND_KWARGS", kwargs.to_string()),
        ("AIRFLOW_HOME", "/nowhere".to_owned()),
        ("KUBECONFIG", config.display().to_string()),
        ("NO_PROXY", "127.0.0.1".to_owned()),
    ]);
    let told = Arc::new(Told::default());
    let console = Console::new(Verbosity::Normal, Arc::clone(&told) as Arc<dyn Listener>);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let lookups = runtime.block_on(async {
        let settings =
            Settings::load(env, &Files::default(), LookupOptions::default(), console).await;
        let search_path = settings.unwrap().open().await.unwrap();
        let secrets: Vec<SecretId> = ids
            .iter()
            .map(|id| SecretId::new(SecretKind::Variable, *id))
            .collect();
        search_path.lookup_many(&secrets).await
    });
    let told = std::mem::take(&mut *told.0.lock().unwrap());
    (lookups, told)
}

fn namespace() -> Value {
    json!({"namespace": "airflow"})
}

/// Value, failure and words of each.
fn in_words(lookups: Vec<Lookup>) -> Vec<String> {
    let words = |lookup: Lookup| {
        let said = lookup.lines().join("\n");
        match lookup.found.map(|found| found.value) {
            Some(FoundValue::Plain(PythonValue::Text(text))) => text.expose().to_owned(),
            Some(other) => panic!("not text: {other:?}"),
            None => said,
        }
    };
    lookups.into_iter().map(words).collect()
}

#[test]
fn a_hundred_ids_are_answered_by_few_lists_as_by_one_request_each() {
    let names: Vec<String> = (1..=110).map(|number| format!("a{number}")).collect();
    let mut ids: Vec<&str> = names.iter().map(String::as_str).collect();
    // Of two secrets, without its key, not there, named again, and one that no label can hold.
    ids.extend(["twice", "odd", "missing", "a1", "a b"]);

    let server = FakeServer::start(cluster);
    let (together, told) = looked_up(&server, &namespace(), &ids);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("the first, `first`"), "{told:?}");
    let mut asked: Vec<usize> = server
        .requests()
        .iter()
        .map(|request| ids_of(&selector(request)).map_or(0, |ids| ids.len()))
        .collect();
    asked.sort_unstable();
    assert_eq!(asked, [0, 13, 50, 50]);

    for (id, together) in ids.iter().zip(in_words(together)) {
        let (alone, _) = looked_up(&server, &namespace(), &[*id]);
        assert_eq!(together, in_words(alone)[0], "{id}");
    }
}

/// A service that is throttling or refuses is not asked one by one for it.
#[test]
fn a_list_that_fails_fails_its_ids_and_is_not_repeated_one_by_one() {
    let user = r#"secrets is forbidden: User "system:serviceaccount:ci:robot" cannot list"#;
    for (answer, failure) in [
        (status(429, "slow down"), Failure::Throttled),
        (status(403, user), Failure::Denied),
        (status(401, "Unauthorized"), Failure::Unauthenticated),
        (Response::html(200), Failure::Unreachable),
    ] {
        let server = FakeServer::start(move |_| Some(answer.clone()));
        let (lookups, _) = looked_up(&server, &namespace(), &["a1", "a2", "a3"]);
        for lookup in lookups {
            assert_eq!(lookup.failure(), failure, "{:?}", lookup.lines());
        }
        assert_eq!(server.requests().len(), 1, "{failure:?}");
    }
}

/// Airflow puts the label into the selector as it is, so that one with a comma makes two conditions, which no list has.
#[test]
fn a_label_that_is_none_is_asked_for_as_airflow_asks() {
    let server = FakeServer::start(|request| {
        let is_asked = selector(request).starts_with("app=airflow,conn=a");
        is_asked.then(|| secrets(&[secret("s", "the value")]))
    });
    let mut kwargs = namespace();
    kwargs["variables_label"] = json!("app=airflow,conn");
    let (lookups, _) = looked_up(&server, &kwargs, &["a1", "a2"]);
    assert_eq!(in_words(lookups), ["the value", "the value"]);
    assert_eq!(server.requests().len(), 2);
}

/// Fifty secrets may be more than one answer may hold.
#[test]
fn a_list_that_is_too_large_is_asked_for_one_by_one() {
    for too_much in [Response::endless("{\"items\": \""), Response::html(414)] {
        let server = FakeServer::start(move |request| {
            let is_list = selector(request).contains(" in (");
            Some(if is_list {
                too_much.clone()
            } else {
                secrets(&[secret("s", "small")])
            })
        });
        let (lookups, _) = looked_up(&server, &namespace(), &["a1", "a2"]);
        assert_eq!(in_words(lookups), ["small", "small"]);
        assert_eq!(server.requests().len(), 3);
    }
}

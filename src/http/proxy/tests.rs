//! The proxy that requests, botocore and the Kubernetes client themselves chose, for each case of `tests/data/proxy_choice.json`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Url;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::*;
use crate::python::json::{self, Dict, Value as Python};
use crate::python::urllib::{unquote, urlsplit};

#[derive(Deserialize)]
struct Recording {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    library: String,
    env: Vec<(String, String)>,
    url: String,
    #[serde(default)]
    proxies: Map<String, Value>,
    /// `null`: none; `"fails"`; or the proxy and its `Proxy-Authorization`.
    used: Value,
}

impl Case {
    fn rules(&self) -> ProxyRules {
        let rules = match self.library.as_str() {
            "requests" => Proxies::Requests {
                kwargs: (&self.kwargs()).into(),
                port_is_written: names_its_port(&self.url),
            },
            "botocore" => Proxies::Botocore { direct: Vec::new() },
            "kubernetes" => Proxies::Kubernetes { proxy_url: None },
            other => panic!("{other}"),
        };
        ProxyRules::new(&Env::from_pairs(self.env.clone()), &rules).unwrap()
    }

    fn kwargs(&self) -> Dict {
        match json::loads(&Value::from(self.proxies.clone()).to_string()).unwrap() {
            Python::Dict(kwargs) => kwargs,
            _ => panic!("{:?}", self.proxies),
        }
    }

    fn chosen(&self) -> Value {
        match self.rules().proxy_for(&Url::parse(&self.url).unwrap()) {
            Ok(None) => Value::Null,
            Ok(Some(proxy)) => shown(&proxy),
            Err(_) => "fails".into(),
        }
    }
}

fn names_its_port(url: &str) -> bool {
    matches!(urlsplit(url).unwrap().port(), Ok(Some(_)))
}

/// Address and login, as the recording has them.
fn shown(proxy: &Url) -> Value {
    let host = proxy.host_str().unwrap();
    let port = proxy.port_or_known_default().unwrap();
    let login = (!proxy.username().is_empty()).then(|| {
        let decoded = |text| unquote(text).to_string();
        let password = proxy.password().unwrap_or_default();
        let login = format!("{}:{}", decoded(proxy.username()), decoded(password));
        format!("Basic {}", STANDARD.encode(login))
    });
    serde_json::json!([format!("{}://{host}:{port}", proxy.scheme()), login])
}

#[test]
fn each_library_is_followed_to_the_letter() {
    let recording: Recording =
        serde_json::from_str(include_str!("../../../tests/data/proxy_choice.json")).unwrap();
    let wrong: Vec<String> = recording
        .cases
        .iter()
        .filter(|case| case.chosen() != case.used)
        .map(|case| {
            format!(
                "{} {:?} {:?} {}: {} and not {}",
                case.library,
                case.env,
                case.proxies,
                case.url,
                case.used,
                case.chosen()
            )
        })
        .collect();
    assert!(recording.cases.len() > 1000);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What grpcio 1.85.1 connected to, with each environment.
#[test]
fn grpc_knows_names_in_lower_case_and_passes_over_what_it_cannot_use() {
    const P: &str = "http://127.0.0.1:3128";
    let used: &[&[(&str, &str)]] = &[
        &[("https_proxy", P)],
        &[("http_proxy", P)],
        &[("grpc_proxy", P), ("https_proxy", "http://other:1")],
        &[("https_proxy", P), ("no_proxy", "ager.invalid")],
        &[("https_proxy", P), ("NO_PROXY", "invalid")],
        &[("https_proxy", P), ("no_proxy", "*")],
        &[
            ("https_proxy", P),
            ("no_proxy", "secretmanager.invalid:443"),
        ],
        &[
            ("https_proxy", P),
            ("no_grpc_proxy", ""),
            ("no_proxy", "invalid"),
        ],
    ];
    let direct: &[&[(&str, &str)]] = &[
        &[("HTTPS_PROXY", P)],
        &[("all_proxy", P)],
        &[("https_proxy", "127.0.0.1:3128")],
        &[("https_proxy", "https://127.0.0.1:3128")],
        &[("https_proxy", P), ("no_proxy", "invalid")],
        &[("https_proxy", P), ("no_proxy", "x, .INVALID")],
        &[("https_proxy", ""), ("http_proxy", P)],
        &[("grpc_proxy", ""), ("https_proxy", P)],
    ];
    let url = Url::parse("https://secretmanager.invalid/v1/x").unwrap();
    let chosen = |env: &[(&str, &str)]| {
        let rules = ProxyRules::new(&Env::from_pairs(env.iter().copied()), &Proxies::Grpc);
        rules.unwrap().proxy_for(&url).unwrap()
    };
    for env in used {
        assert_eq!(chosen(env).unwrap().port(), Some(3128), "{env:?}");
    }
    for env in direct {
        assert_eq!(chosen(env), None, "{env:?}");
    }
}

#[test]
fn the_hand_out_of_a_containers_credentials_is_asked_directly() {
    let env = Env::from_pairs([("http_proxy", "http://127.0.0.1:3128")]);
    let direct = vec!["169.254.170.2".to_owned()];
    let rules = ProxyRules::new(&env, &Proxies::Botocore { direct }).unwrap();
    let proxy = |url: &str| rules.proxy_for(&Url::parse(url).unwrap()).unwrap();
    assert_eq!(proxy("http://169.254.170.2/v2/credentials"), None);
    assert!(proxy("http://169.254.169.254/latest").is_some());
}

#[test]
fn a_kubeconfigs_proxy_wins_over_the_environments_and_shows_its_login() {
    let env = Env::from_pairs([
        ("https_proxy", "http://other:1"),
        ("no_proxy", "10.0.0.0/8"),
    ]);
    let proxy_url = Some("http://u:p@127.0.0.1:3128".into());
    let rules = ProxyRules::new(&env, &Proxies::Kubernetes { proxy_url }).unwrap();
    let proxy = |url: &str| rules.proxy_for(&Url::parse(url).unwrap()).unwrap();
    let chosen = proxy("https://api.example/").unwrap();
    assert_eq!((chosen.port(), chosen.password()), (Some(3128), Some("p")));
    assert_eq!(proxy("https://10.0.0.1/"), None);
}

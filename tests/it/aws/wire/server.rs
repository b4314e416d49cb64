//! The AWS of the recordings: what it must have answered for each lookup to end as it did.

use serde_json::{Value, json};

use super::Recording;
use crate::support::fake_server::{Request, Response};

/// The answer to one request of a lookup; none for a request that no such lookup sends.
pub fn answer(recording: &Recording, request: &Request) -> Option<Response> {
    let target = request.header("x-amz-target").unwrap_or_default();
    match target {
        "AmazonSSM.GetParameter" => Some(read(
            recording,
            |text| json!({"Parameter": {"Value": text}}),
        )),
        "secretsmanager.GetSecretValue" => {
            Some(read(recording, |text| json!({"SecretString": text})))
        }
        "AmazonSSM.GetParameters" => Some(Response::json(200, &json!({"InvalidParameters": []}))),
        "secretsmanager.DescribeSecret" => Some(error(400, "ResourceNotFoundException")),
        "" => Some(sts(&String::from_utf8_lossy(&request.body))),
        _ => None,
    }
}

/// What `secretctl` may ask after a lookup has failed: whether a similar name exists, and who is asking.
pub fn explains_a_failure(request: &Request) -> bool {
    let target = request.header("x-amz-target").unwrap_or_default();
    let asks_who = target.is_empty()
        && String::from_utf8_lossy(&request.body).contains("Action=GetCallerIdentity");
    asks_who || ["AmazonSSM.GetParameters", "secretsmanager.DescribeSecret"].contains(&target)
}

fn sts(form: &str) -> Response {
    let action = form
        .split('&')
        .find_map(|pair| pair.strip_prefix("Action="))
        .unwrap_or_default();
    let result = match action {
        "GetCallerIdentity" => {
            "<Arn>arn:aws:iam::123456789012:user/recorded</Arn><UserId>U</UserId><Account>123456789012</Account>".to_owned()
        }
        _ => "<Credentials><AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>the-secret-key-of-the-role</SecretAccessKey>\
              <SessionToken>roletoken</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>"
            .to_owned(),
    };
    let body = format!(
        "<{action}Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><{action}Result>{result}</{action}Result></{action}Response>"
    );
    Response::new(200, "text/xml", body)
}

fn read(recording: &Recording, found: impl Fn(&str) -> Value) -> Response {
    let case = recording.case.as_str();
    match (recording.backend.starts_with("Systems"), case) {
        (true, "not found") => error(400, "ParameterNotFound"),
        (false, "not found") => error(400, "ResourceNotFoundException"),
        (_, "Throttling") => error(400, "ThrottlingException"),
        (_, "InternalServiceError") => error(500, case),
        (_, name) if name.ends_with("Exception") || name == "ParameterVersionNotFound" => {
            error(400, case)
        }
        _ => match stored(recording) {
            Some(text) => Response::json(200, &found(&text)),
            None => error(400, "NoSuchCase"),
        },
    }
}

fn error(status: u16, code: &str) -> Response {
    Response::json(status, &json!({"__type": code, "message": "m"}))
}

/// What the secret holds. Airflow rewrites connections that are stored as JSON, so theirs stand here.
fn stored(recording: &Recording) -> Option<String> {
    let case = recording.case.trim_end_matches(" full");
    let text = match case {
        "json conn 0" => {
            r#"{"conn_type": "postgres", "host": "h", "login": "u", "password": "p", "port": 5432, "schema": "d", "extra": {"a": 1}}"#
        }
        "json conn 1" => {
            r#"{"engine": "mysql", "server": "h", "username": "u", "pass": "p", "extra": "{\"a\":1}"}"#
        }
        "json conn 3" => r#"{"user": "first", "login": "second", "key": "k1", "password": "k2"}"#,
        "json conn 4" => r#"{"description": "dropped", "host": "h"}"#,
        "json conn 5" => "{}",
        "json conn 6" => "{bad",
        "json conn 7" => "  {\"host\": \"h\"}\n",
        "json conn 8" => r#"{"uri": "smtp://h"}"#,
        "json conn 9" => r#"{"conn_type": "x", "port": "abc"}"#,
        "json conn 10" => "[1]",
        "json conn 11" => r#"{"conn_type": "x", "login": 5}"#,
        "extra_conn_words" => r#"{"usr": "u", "pwd": "p", "hst": "h"}"#,
        "extra_conn_words bad key" => r#"{"x": 1}"#,
        "are_secret_values_urlencoded (ignored)" => r#"{"login": "u%40x"}"#,
        _ => {
            return recording
                .result
                .as_ref()
                .and_then(first_text)
                .map(str::to_owned);
        }
    };
    Some(text.to_owned())
}

fn first_text(result: &Value) -> Option<&str> {
    result.as_str().or_else(|| result.get(0)?.as_str())
}

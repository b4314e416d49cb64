//! The body of an `aws_iam` login: a signed STS request that Vault sends on. Its time and so its signature differ each time,
//! so the signature is computed anew, with the public rules of AWS Signature Version 4 and nothing of the AWS crates.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::{digest, hmac};
use serde::Deserialize;
use serde_json::{Map, Value};

/// The secret keys of the recordings, by access key.
const SECRET_KEYS: &[(&str, &str)] = &[("AKIDEXAMPLE", "SECRETEX"), ("AKENV", "SKENV")];

/// The two logins ask the same, and both are rightly signed.
pub fn assert_same(recorded: &str, sent: &Value) {
    let recorded = Login::decode(&serde_json::from_str(recorded).unwrap());
    let sent = Login::decode(sent);
    recorded.assert_signed();
    sent.assert_signed();
    assert_eq!(sent.without_time(), recorded.without_time());
}

/// The body of a login, base64 undone.
#[derive(Debug)]
struct Login {
    method: String,
    url: String,
    body: String,
    role: Value,
    headers: Map<String, Value>,
}

/// The body as it is sent.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Encoded {
    iam_http_request_method: String,
    iam_request_url: String,
    iam_request_headers: String,
    iam_request_body: String,
    role: Value,
}

/// The parts of an `Authorization` header.
#[derive(Debug, PartialEq)]
struct Authorization {
    access_key: String,
    date: String,
    region: String,
    service: String,
    signed_headers: String,
    signature: String,
}

impl Login {
    fn decode(body: &Value) -> Self {
        let encoded: Encoded =
            serde_json::from_value(body.clone()).expect("the five fields of a login");
        Self {
            method: encoded.iam_http_request_method,
            url: decode(&encoded.iam_request_url),
            body: decode(&encoded.iam_request_body),
            role: encoded.role,
            headers: serde_json::from_str(&decode(&encoded.iam_request_headers)).unwrap(),
        }
    }

    /// The one value of a header; the body has a list for each.
    fn header(&self, name: &str) -> &str {
        let values = self.headers[name].as_array().map(Vec::as_slice);
        let Some([Value::String(value)]) = values else {
            panic!("{name} has not one value")
        };
        value
    }

    /// All of it but the time and the signature, for a comparison.
    fn without_time(&self) -> String {
        let mut authorization = Authorization::parse(self.header("Authorization"));
        authorization.date.clear();
        authorization.signature.clear();
        let fixed: BTreeMap<_, _> = self
            .headers
            .iter()
            .filter(|(name, _)| !["Authorization", "X-Amz-Date"].contains(&name.as_str()))
            .collect();
        let names: Vec<_> = self.headers.keys().collect();
        format!(
            "{} {} {} {} {names:?} {fixed:?} {authorization:?}",
            self.method, self.url, self.body, self.role
        )
    }

    fn assert_signed(&self) {
        let authorization = Authorization::parse(self.header("Authorization"));
        let time = self.header("X-Amz-Date");
        let date = time.split('T').next().unwrap();
        assert_eq!(authorization.date, date, "the scope is of another day");

        let (region, service) = (&authorization.region, &authorization.service);
        let scope = format!("{date}/{region}/{service}/aws4_request");
        let request = hex(digest::digest(
            &digest::SHA256,
            self.canonical_request(&authorization).as_bytes(),
        )
        .as_ref());
        let text_to_sign = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{request}");

        let secret_key = SECRET_KEYS
            .iter()
            .find(|(access_key, _)| *access_key == authorization.access_key);
        let mut key = format!("AWS4{}", secret_key.expect("a known access key").1).into_bytes();
        for part in [date, region, service, "aws4_request"] {
            key = sign(&key, part);
        }
        assert_eq!(
            authorization.signature,
            hex(&sign(&key, &text_to_sign)),
            "the signature is wrong"
        );
    }

    fn canonical_request(&self, authorization: &Authorization) -> String {
        let sent: BTreeMap<String, &str> = self
            .headers
            .keys()
            .map(|name| (name.to_lowercase(), self.header(name)))
            .collect();
        let signed = authorization
            .signed_headers
            .split(';')
            .map(|name| format!("{name}:{}\n", sent[name]));
        let body = hex(digest::digest(&digest::SHA256, self.body.as_bytes()).as_ref());
        format!(
            "{}\n/\n\n{}\n{}\n{body}",
            self.method,
            signed.collect::<String>(),
            authorization.signed_headers
        )
    }
}

impl Authorization {
    fn parse(header: &str) -> Self {
        let fields = header
            .strip_prefix("AWS4-HMAC-SHA256 ")
            .expect("a version 4 signature");
        let fields: BTreeMap<&str, &str> = fields
            .split(", ")
            .map(|field| field.split_once('=').unwrap())
            .collect();
        let [access_key, date, region, service, "aws4_request"] =
            *fields["Credential"].split('/').collect::<Vec<_>>()
        else {
            panic!("not a credential: {header}")
        };
        Self {
            access_key: access_key.to_owned(),
            date: date.to_owned(),
            region: region.to_owned(),
            service: service.to_owned(),
            signed_headers: fields["SignedHeaders"].to_owned(),
            signature: fields["Signature"].to_owned(),
        }
    }
}

fn decode(base64: &str) -> String {
    String::from_utf8(STANDARD.decode(base64).unwrap()).unwrap()
}

fn sign(key: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes())
        .as_ref()
        .to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn the_recorded_signatures_are_right() {
    for recording in super::recordings() {
        let logins = recording
            .requests
            .iter()
            .filter(|request| request.body.contains("iam_request_headers"));
        logins.for_each(|request| {
            Login::decode(&serde_json::from_str(&request.body).unwrap()).assert_signed()
        });
    }
}

#[test]
#[should_panic(expected = "the signature is wrong")]
fn a_wrong_signature_is_noticed() {
    let recordings = super::recordings();
    let recording = recordings
        .iter()
        .find(|recording| recording.case == "aws_iam region")
        .unwrap();
    let mut login = Login::decode(&serde_json::from_str(&recording.requests[0].body).unwrap());
    login.body.push(' ');
    login.assert_signed();
}

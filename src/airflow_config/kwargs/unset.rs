//! Variables that kwargs refer to and that are not set: `{"role_id": "$ROLE_ID"}`.
//!
//! The surprising rule: Airflow leaves the reference as it stands, `$` and all, and sends it to the server in place of a value.

use super::token::whole_reference;
use super::{Setting, is_surely_a_name};
use crate::airflow_config::Indirection;
use crate::env::Env;
use crate::failure::Failure;
use crate::finding::Finding;
use crate::python::json::{Dict, Value};

/// A warning for each text in `kwargs` that is nothing but a reference to a variable that is not set. What a command prints
/// refers to nothing.
pub(super) fn variables(
    env: &Env,
    setting: &Setting,
    known: &[&str],
    kwargs: &Dict,
) -> Vec<Finding> {
    if setting.origin.indirection != Indirection::None {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (kwarg, value) in kwargs {
        let kwarg = match known.contains(&kwarg.as_str()) {
            true => format!("`{kwarg}`"),
            false => "a kwarg".to_owned(),
        };
        for_each_text(value, &mut |text| {
            let unset = whole_reference(text)
                .map(|reference| reference.name)
                .filter(|name| !env.is_set(name) && !name.is_empty() && is_surely_a_name(name));
            findings.extend(unset.map(|name| finding(setting, &kwarg, name)));
        });
    }
    findings
}

fn finding(setting: &Setting, kwarg: &str, name: &str) -> Finding {
    let sentence = format!(
        "{kwarg} in the backend kwargs from {} is `${name}`, and `{name}` is set neither in the environment nor in an env file",
        setting.origin
    );
    Finding::warning("unset-variable", sentence)
        .with_hint(format!(
            "set `{name}`: Airflow takes `${name}` itself for the value"
        ))
        .at(Some(setting.origin.source()))
        .failing_strictly(Failure::Configuration)
}

fn for_each_text(value: &Value, visit: &mut impl FnMut(&str)) {
    match value {
        Value::Text(text) => visit(text.expose()),
        Value::List(items) => items.iter().for_each(|item| for_each_text(item, visit)),
        Value::Dict(members) => members.values().for_each(|item| for_each_text(item, visit)),
        _ => {}
    }
}

//! The command that a profile names for its keys.
//!
//! Mirrors `ProcessProvider` of botocore 1.44.5, but that the command sees the env files too and has to end within the time
//! limit. The surprising rule: there is no shell.

use std::time::SystemTime;

use aws_smithy_types::date_time::{DateTime, Format};

use super::super::error::AwsError;
use super::CredentialsWithOrigin;
use crate::airflow_config::command;
use crate::deadline::Deadline;
use crate::env::Env;
use crate::python::json::{self, Dict, Value};
use crate::secret::SecretText;

/// What a command prints, once it is read.
struct Printed {
    id: SecretText,
    secret: SecretText,
    token: Option<SecretText>,
}

/// The keys that the command of `profile` prints. Its words stay out of every error: they may hold keys.
///
/// # Errors
/// A command that fails or does not end in time, and an answer that boto3 does not take.
pub(super) async fn keys(
    env: &Env,
    profile: &str,
    command_line: &SecretText,
    deadline: Deadline,
) -> Result<CredentialsWithOrigin, AwsError> {
    let printed = command::run(env, command_line.expose(), deadline).await;
    let printed = printed.map_err(|error| AwsError::CredentialProcess {
        profile: profile.to_owned(),
        error,
    })?;
    let origin = format!("the profile `{profile}`");
    let keys = keys_in(&printed).map_err(|problem| AwsError::CredentialSource {
        origin: origin.clone(),
        because: format!("its `credential_process` printed {problem}"),
        advice: None,
    })?;
    let token = keys.token.as_ref().map(SecretText::expose);
    CredentialsWithOrigin::of_keys(keys.id.expose(), keys.secret.expose(), token, origin)
}

fn keys_in(printed: &SecretText) -> Result<Printed, &'static str> {
    let Ok(Value::Dict(answer)) = json::loads(printed.expose()) else {
        return Err("something that is not a JSON object");
    };
    let is_version_1 = match answer.get("Version") {
        Some(Value::Int(digits)) => digits == "1",
        Some(Value::Float(version)) => *version == 1.0,
        _ => false,
    };
    if !is_version_1 {
        return Err("something else than version 1 of its answer");
    }
    if let Some(expiration) = text(&answer, "Expiration") {
        check_expiration(expiration.expose())?;
    }
    match (
        text(&answer, "AccessKeyId"),
        text(&answer, "SecretAccessKey"),
    ) {
        (Some(id), Some(secret)) => Ok(Printed {
            id: id.clone(),
            secret: secret.clone(),
            token: text(&answer, "SessionToken").cloned(),
        }),
        _ => Err("no `AccessKeyId` or no `SecretAccessKey`"),
    }
}

fn text<'a>(answer: &'a Dict, name: &str) -> Option<&'a SecretText> {
    answer.get(name).and_then(Value::as_text)
}

/// Whether keys that end at `time` can still be used.
///
/// # Errors
/// They cannot, or it is not a time.
pub(super) fn check_expiration(time: &str) -> Result<(), &'static str> {
    let end = DateTime::from_str(time.trim(), Format::DateTimeWithOffset)
        .map_err(|_| "a time that cannot be read")?;
    let now = DateTime::from(SystemTime::now());
    match end > now {
        true => Ok(()),
        false => Err("keys that have expired"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_version_of_the_answer_is_taken() {
        let keys = |printed: &str| keys_in(&printed.into()).map(|keys| keys.id.expose().to_owned());
        let rest = r#""AccessKeyId": "AK", "SecretAccessKey": "SK""#;
        assert_eq!(
            keys(&format!(r#"{{"Version": 1, {rest}}}"#)),
            Ok("AK".into())
        );
        for printed in [
            format!("{{{rest}}}"),
            format!(r#"{{"Version": 2, {rest}}}"#),
            format!(r#"{{"Version": "1", {rest}}}"#),
            r#"{"Version": 1, "AccessKeyId": "AK"}"#.into(),
            "[]".into(),
        ] {
            assert!(keys(&printed).is_err(), "{printed}");
        }
    }

    #[test]
    fn keys_that_have_expired_are_none() {
        assert!(check_expiration("2999-01-01T00:00:00Z").is_ok());
        assert!(check_expiration("2999-01-01T00:00:00+02:00").is_ok());
        assert_eq!(
            check_expiration("2001-01-01T00:00:00Z"),
            Err("keys that have expired")
        );
        assert!(check_expiration("tomorrow").is_err());
    }
}

//! Why there is no secrets backend although somebody may believe so.
//!
//! The surprising rule: Airflow reads none of the look-alikes of its settings and says nothing of them, so that a misspelt name
//! looks exactly like no configuration at all.

use super::secrets_section::Section;
use super::{AirflowConfig, OptionName};
use crate::env::EnvError;
use crate::finding::Finding;
use crate::nearest::likeness;

/// How alike a section's name must be to `secrets`.
const ALIKE: f64 = 0.9;

impl AirflowConfig {
    /// What is set and comes to nothing, where no secrets backend is configured; and if nothing is, that.
    ///
    /// # Errors
    /// A variable that is not UTF-8.
    pub fn why_unconfigured(&self, is_worker: bool) -> Result<Vec<Finding>, EnvError> {
        let mut findings = self.misspelt_variables();
        findings.extend(self.misspelt_sections());
        findings.extend(self.kwargs_without_backend());
        if !is_worker {
            findings.extend(self.workers_only());
        }
        findings.extend(self.missing_cfg()?);
        if findings.is_empty() {
            findings.push(self.nothing_is_set());
        }
        Ok(findings)
    }

    /// Variables that look like the settings of a secrets backend and are read by nobody.
    pub fn misspelt_variables(&self) -> Vec<Finding> {
        let names = self.env().names().filter(|name| is_misspelt(name));
        names
            .map(|name| {
                let source = self.env().source_of(name).cloned();
                let place = source.as_ref().map(ToString::to_string).unwrap_or_default();
                let sentence = format!("`{name}` in {place} is read by nobody");
                Finding::warning("misspelt-setting", sentence)
                    .with_hint(format!("write `{}`", meant_by(name)))
                    .at(source)
            })
            .collect()
    }

    fn misspelt_sections(&self) -> Vec<Finding> {
        let names = self.cfg.section_names();
        let near = names.filter(|name| *name != "secrets" && likeness(name, "secrets") >= ALIKE);
        near.map(|name| {
            let path = self.cfg_path().display();
            let sentence = format!("`{path}` has no [secrets]; it has [{name}]");
            Finding::warning("misspelt-setting", sentence).with_hint("write [secrets]")
        })
        .collect()
    }

    fn kwargs_without_backend(&self) -> Option<Finding> {
        let section = Section::Secrets;
        let (kwargs, backend) = (section.kwargs_option(), section.backend_option());
        let is_set = self.is_written(kwargs);
        is_set.then(|| {
            let sentence = format!(
                "`{}` is set, but `{}` is not",
                kwargs.variable(),
                backend.variable()
            );
            Finding::warning("kwargs-without-backend", sentence)
                .with_hint("name the class of the backend there")
        })
    }

    fn workers_only(&self) -> Option<Finding> {
        let backend = Section::Workers.backend_option();
        self.is_written(backend).then(|| {
            let sentence = format!(
                "only tasks have a secrets backend: `{}` is set",
                backend.variable()
            );
            Finding::note("workers-only", sentence)
                .with_hint("`--context worker` asks it as a task does")
        })
    }

    fn missing_cfg(&self) -> Result<Option<Finding>, EnvError> {
        if self.cfg_exists() || self.env().get("AIRFLOW_CONFIG")?.is_none() {
            return Ok(None);
        }
        let sentence = format!(
            "`AIRFLOW_CONFIG` names `{}`, which does not exist",
            self.cfg_path().display()
        );
        let source = self.env().source_of("AIRFLOW_CONFIG").cloned();
        let finding = Finding::warning("no-airflow-cfg", sentence);
        Ok(Some(
            finding
                .with_hint("correct the path, or unset it to read the file in AIRFLOW_HOME")
                .at(source),
        ))
    }

    fn nothing_is_set(&self) -> Finding {
        let cfg = match self.cfg_exists() {
            true => format!(
                "`{}` has no `backend` in [secrets]",
                self.cfg_path().display()
            ),
            false => format!("there is no `{}`", self.cfg_path().display()),
        };
        let sentence = format!("`AIRFLOW__SECRETS__BACKEND` is not set, and {cfg}");
        Finding::note("no-backend", sentence)
            .with_hint("name the file that sets it with `--env-file`")
    }

    /// Whether an option is written down in any way, be it unusable.
    fn is_written(&self, name: OptionName<'_>) -> bool {
        let variable = name.variable();
        let in_environment = ["", "_CMD", "_SECRET"]
            .iter()
            .any(|suffix| self.env().is_set(&format!("{variable}{suffix}")));
        in_environment || matches!(self.cfg.get(name.section, name.key), Ok(Some(_)) | Err(_))
    }
}

/// Whether a name is meant for the settings of a secrets backend and is none that Airflow reads.
fn is_misspelt(name: &str) -> bool {
    let upper = name.to_uppercase();
    let is_about_it = upper.starts_with("AIRFLOW")
        && upper.contains("SECRET")
        && upper.contains("BACKEND")
        && !upper.starts_with("AIRFLOW_CONN_")
        && !upper.starts_with("AIRFLOW_VAR_");
    is_about_it && !is_read(name)
}

fn is_read(name: &str) -> bool {
    let own = [
        "AIRFLOW__SECRETS__BACKEND",
        "AIRFLOW__WORKERS__SECRETS_BACKEND",
    ];
    own.iter().any(|own| {
        name.strip_prefix(own).is_some_and(|rest| {
            matches!(
                rest,
                "" | "_CMD" | "_SECRET" | "_KWARGS" | "_KWARGS_CMD" | "_KWARGS_SECRET"
            ) || rest.starts_with("_KWARG__")
        })
    })
}

/// The setting that was probably meant.
fn meant_by(name: &str) -> &'static str {
    let upper = name.to_uppercase();
    match (upper.contains("KWARG"), upper.contains("WORKER")) {
        (false, false) => "AIRFLOW__SECRETS__BACKEND",
        (true, false) => "AIRFLOW__SECRETS__BACKEND_KWARGS",
        (false, true) => "AIRFLOW__WORKERS__SECRETS_BACKEND",
        (true, true) => "AIRFLOW__WORKERS__SECRETS_BACKEND_KWARGS",
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::deadline::Deadline;
    use crate::env::Env;
    use crate::testing::block_on;

    fn rules(variables: &[(&str, &str)], cfg: &str) -> Vec<(&'static str, String)> {
        let home = tempfile::tempdir().unwrap();
        if !cfg.is_empty() {
            std::fs::write(home.path().join("airflow.cfg"), cfg).unwrap();
        }
        let home = ("AIRFLOW_HOME", home.path().to_str().unwrap());
        let env = Env::from_pairs(variables.iter().copied().chain([home]));
        let deadline = Deadline::after(Duration::from_secs(20));
        let config = block_on(AirflowConfig::load(env, true, deadline)).unwrap();
        let findings = config.why_unconfigured(false).unwrap();
        findings
            .into_iter()
            .map(|finding| (finding.rule, finding.in_one_line()))
            .collect()
    }

    #[test]
    fn look_alikes_are_named_with_what_to_write() {
        for (name, meant) in [
            ("AIRFLOW_SECRETS_BACKEND", "AIRFLOW__SECRETS__BACKEND"),
            ("AIRFLOW__SECRETS__BACKENDS", "AIRFLOW__SECRETS__BACKEND"),
            ("airflow__secrets__backend", "AIRFLOW__SECRETS__BACKEND"),
            ("AIRFLOW__SECRET__BACKEND", "AIRFLOW__SECRETS__BACKEND"),
            (
                "AIRFLOW__SECRETS_BACKEND_KWARGS",
                "AIRFLOW__SECRETS__BACKEND_KWARGS",
            ),
        ] {
            let found = rules(&[(name, "x")], "");
            assert_eq!(found.len(), 1, "{name}: {found:?}");
            assert_eq!(found[0].0, "misspelt-setting");
            assert!(
                found[0].1.ends_with(&format!("write `{meant}`")),
                "{found:?}"
            );
        }
    }

    #[test]
    fn settings_without_the_class_are_named() {
        let kwargs = rules(&[("AIRFLOW__SECRETS__BACKEND_KWARGS", "{}")], "");
        assert_eq!(kwargs[0].0, "kwargs-without-backend");
        let section = rules(&[], "[secret]\nbackend=x\n");
        assert!(section[0].1.contains("it has [secret]"), "{section:?}");
        let workers = rules(&[("AIRFLOW__WORKERS__SECRETS_BACKEND", "x")], "");
        assert!(workers[0].1.contains("--context worker"), "{workers:?}");
        let nowhere = rules(&[("AIRFLOW_CONFIG", "/nowhere/airflow.cfg")], "");
        assert!(nowhere[0].1.contains("does not exist"), "{nowhere:?}");
        let nothing = rules(&[], "");
        assert_eq!(nothing[0].0, "no-backend");
        assert!(nothing[0].1.contains("--env-file"), "{nothing:?}");
    }

    #[test]
    fn ids_and_settings_that_are_read_are_not_look_alikes() {
        for name in [
            "AIRFLOW__SECRETS__BACKEND",
            "AIRFLOW__SECRETS__BACKEND_KWARG__ROLE_ID",
            "AIRFLOW__WORKERS__SECRETS_BACKEND_KWARGS_CMD",
            "AIRFLOW_CONN_SECRETS_BACKEND",
            "SECRETS_BACKEND_TOKEN",
        ] {
            assert!(!is_misspelt(name), "{name}");
        }
    }
}

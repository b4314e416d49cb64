//! `~/.aws/config` and `~/.aws/credentials` as boto3 reads them.
//!
//! Mirrors `botocore.configloader` and `Session.full_config` of botocore 1.44.5. The surprising rule: to boto3 these are files
//! of Python's `configparser`, which every other AWS SDK reads otherwise. ` # text` after a value belongs to the value, `:` is
//! as good as `=`, and a section or an option that comes twice is an error.

use std::path::{Path, PathBuf};

use indexmap::IndexMap;

use super::super::error::AwsError;
use crate::airflow_config::cfg_file::CfgFile;
use crate::deadline::Deadline;
use crate::env::Env;
use crate::env::expand::expand_env_var;
use crate::python::shlex;
use crate::secret::SecretText;
use crate::text_file::{self, TextFileError};

/// The largest file that is read, in bytes; a real one has a few thousand.
const FILE_LIMIT: u64 = 1024 * 1024;

/// The options of a section, their names in lower case.
pub(super) type Settings = IndexMap<String, SecretText>;
pub(super) type Sections = IndexMap<String, Settings>;

/// What the two files say.
#[derive(Clone, Debug, Default)]
pub(super) struct ProfileFiles {
    /// The profiles of both files; where both have a setting, that of the credentials file counts.
    pub profiles: Sections,
    /// `[sso-session NAME]`
    pub sso_sessions: Sections,
    /// `[services NAME]`
    pub services: Sections,
    /// The profiles of the credentials file alone, whose keys come before those of the other.
    pub of_credentials_file: Sections,
    /// The profiles of the config file alone.
    pub of_config_file: Sections,
}

impl ProfileFiles {
    /// Reads the files that `AWS_CONFIG_FILE` and `AWS_SHARED_CREDENTIALS_FILE` name, or those of `~/.aws`.
    ///
    /// # Errors
    /// A file that is there and cannot be read. A missing one is an empty one.
    pub async fn read(env: &Env, deadline: Deadline) -> Result<Self, AwsError> {
        let mut files = Self::default();
        let config = path(env, "AWS_CONFIG_FILE", "~/.aws/config")?;
        for (name, settings) in sections(&config, deadline).await? {
            files.add(name, settings);
        }
        files.profiles.clone_from(&files.of_config_file);
        let credentials = path(env, "AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials")?;
        files.of_credentials_file = sections(&credentials, deadline).await?;
        for (name, settings) in &files.of_credentials_file {
            let profile = files.profiles.entry(name.clone()).or_default();
            profile.extend(settings.clone());
        }
        Ok(files)
    }

    /// `build_profile_map`: any other section means nothing.
    fn add(&mut self, section: String, settings: Settings) {
        let group = match section.as_str() {
            "default" => {
                self.of_config_file.insert(section, settings);
                return;
            }
            name if name.starts_with("profile") => &mut self.of_config_file,
            name if name.starts_with("sso-session") => &mut self.sso_sessions,
            name if name.starts_with("services") => &mut self.services,
            _ => return,
        };
        if let Ok([_, name]) = shlex::split(&section).as_deref() {
            group.insert(name.to_string(), settings);
        }
    }
}

fn path(env: &Env, variable: &str, default: &str) -> Result<PathBuf, AwsError> {
    let given = env.get(variable)?.unwrap_or(default);
    Ok(expand_env_var(env, given)?.into())
}

/// `raw_config_parse`
///
/// # Errors
/// A file that is there and cannot be read.
pub(super) async fn sections(path: &Path, deadline: Deadline) -> Result<Sections, AwsError> {
    let unreadable = |problem: String| AwsError::ProfileSyntax {
        path: path.display().to_string(),
        problem,
    };
    let text = match text_file::read(path, FILE_LIMIT, deadline).await {
        Ok(text) => SecretText::from(text),
        Err(TextFileError::Missing { .. } | TextFileError::Directory { .. }) => {
            return Ok(Sections::default());
        }
        Err(error) => return Err(AwsError::ProfileFile(error)),
    };
    let file = CfgFile::parse(text.expose()).map_err(|fault| unreadable(fault.to_string()))?;
    let mut sections = Sections::default();
    for (name, options) in file.raw_sections() {
        let mut settings = Settings::default();
        for (option, value) in options {
            if is_broken_block(value) {
                let problem = format!("the indented lines below `{option}` are not all settings");
                return Err(unreadable(problem));
            }
            settings
                .entry(option.to_lowercase())
                .or_insert_with(|| value.clone());
        }
        sections.insert(name.to_owned(), settings);
    }
    Ok(sections)
}

/// A value that begins in the next line is a block of settings of its own.
fn is_broken_block(value: &SecretText) -> bool {
    let block = value.expose().strip_prefix('\n');
    block.is_some_and(|block| {
        let mut lines = block.lines().filter(|line| !line.trim().is_empty());
        lines.any(|line| !line.contains('='))
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::testing::block_on;

    fn read(text: &str) -> Result<Sections, AwsError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let deadline = Deadline::after(Duration::from_secs(20));
        block_on(async { sections(file.path(), deadline).await })
    }

    #[test]
    fn a_comment_after_a_value_belongs_to_it_and_a_colon_separates() {
        let sections = read("# c\n[p] ; c\nRegion: eu-west-1 # mine\nkey = a;b\n").unwrap();
        let value = |name: &str| sections["p"][name].expose().to_owned();
        assert_eq!(value("region"), "eu-west-1 # mine");
        assert_eq!(value("key"), "a;b");
    }

    #[test]
    fn what_python_cannot_read_is_refused() {
        for text in [
            "[p]\na = 1\na = 2\n",
            "[p]\n[p]\n",
            "a = 1\n",
            "[p]\na\n",
            "[p]\ns3 =\n  nothing\n",
        ] {
            assert!(read(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_profile_has_its_name_in_a_shells_words() {
        let mut files = ProfileFiles::default();
        for section in [
            "default",
            "profile a",
            "profile \"b c\"",
            "profile d e",
            "profile 'f",
            "plain",
        ] {
            files.add(section.to_owned(), Settings::default());
        }
        let names: Vec<&String> = files.of_config_file.keys().collect();
        assert_eq!(names, ["default", "a", "b c"]);
    }
}

//! One entry of a kubeconfig: a context, a cluster or a user, with the folder that its relative paths start from.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::error::KubernetesError;
use super::fault::KubeconfigFault;
use crate::http::PemSource;
use crate::python::json::{Dict, Value};
use crate::secret::SecretText;

/// An entry, and where it stands.
pub struct Section<'a> {
    file: &'a Path,
    place: String,
    /// Its members.
    pub members: &'a Dict,
}

impl<'a> Section<'a> {
    /// The entry `place`, such as "user `ci`", of `file`.
    pub fn new(file: &'a Path, place: String, members: &'a Dict) -> Self {
        Self {
            file,
            place,
            members,
        }
    }

    /// Which entry of which file this is, in words.
    pub fn place(&self) -> String {
        format!("{} in `{}`", self.place, self.file.display())
    }

    /// A text; `None` when absent or null.
    pub fn secret(&self, key: &str) -> Result<Option<SecretText>, KubernetesError> {
        match self.members.get(key) {
            None | Some(Value::None) => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text.clone())),
            Some(_) => Err(self.wrong(key, "text")),
        }
    }

    /// A text that is no secret: a name, an address, a path.
    pub fn text(&self, key: &str) -> Result<Option<String>, KubernetesError> {
        Ok(self.secret(key)?.map(|text| text.expose().to_owned()))
    }

    /// A text without which the entry is of no use.
    pub fn required_text(&self, key: &str) -> Result<String, KubernetesError> {
        let text = self.text(key)?.filter(|text| !text.is_empty());
        text.ok_or_else(|| {
            self.fault(KubeconfigFault::NoKey {
                key: key.to_owned(),
                place: self.place.clone(),
            })
        })
    }

    /// A flag; `false` when absent or null.
    pub fn flag(&self, key: &str) -> Result<bool, KubernetesError> {
        match self.members.get(key) {
            None | Some(Value::None) => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(_) => Err(self.wrong(key, "true or false")),
        }
    }

    /// An entry within this one; `None` when absent or null.
    pub fn section(&self, key: &str) -> Result<Option<Section<'a>>, KubernetesError> {
        match self.members.get(key) {
            None | Some(Value::None) => Ok(None),
            Some(Value::Dict(members)) => Ok(Some(Section::new(
                self.file,
                format!("`{key}` of {}", self.place),
                members,
            ))),
            Some(_) => Err(self.wrong(key, "a mapping")),
        }
    }

    /// A file that the entry names; a relative path starts from the kubeconfig's folder.
    pub fn file(&self, key: &str) -> Result<Option<PathBuf>, KubernetesError> {
        let path = self.text(key)?.filter(|path| !path.is_empty());
        Ok(path.map(|path| self.path(&path)))
    }

    /// A path, started from the kubeconfig's folder if it is relative.
    pub fn path(&self, path: &str) -> PathBuf {
        self.file.parent().unwrap_or(Path::new("")).join(path)
    }

    /// PEM text: `KEY-data` in base64, else the file that `KEY` names.
    pub fn pem(&self, key: &str) -> Result<Option<PemSource>, KubernetesError> {
        let data_key = format!("{key}-data");
        let Some(data) = self
            .secret(&data_key)?
            .filter(|data| !data.expose().is_empty())
        else {
            return Ok(self.file(key)?.map(PemSource::File));
        };
        let packed: String = data.expose().split_ascii_whitespace().collect();
        let decoded = STANDARD
            .decode(packed)
            .ok()
            .and_then(|pem| String::from_utf8(pem).ok());
        match decoded {
            Some(pem) => Ok(Some(PemSource::Text(pem.into()))),
            None => Err(self.wrong(&data_key, "PEM text in base64")),
        }
    }

    /// Refuses an entry that has one of `keys`, which secretctl does not serve.
    pub fn refuse(&self, keys: &[&'static str]) -> Result<(), KubernetesError> {
        let is_set = |key: &&&str| self.members.get(**key).is_some_and(Value::is_truthy);
        match keys.iter().find(is_set) {
            None => Ok(()),
            Some(key) => Err(KubernetesError::NotServed {
                files: self.file.display().to_string(),
                place: self.place.clone(),
                key,
            }),
        }
    }

    /// The error for a key whose value is not `wanted`.
    pub fn wrong(&self, key: &str, wanted: &'static str) -> KubernetesError {
        self.fault(KubeconfigFault::Unusable {
            key: key.to_owned(),
            place: self.place.clone(),
            wanted,
        })
    }

    fn fault(&self, fault: KubeconfigFault) -> KubernetesError {
        KubernetesError::Kubeconfig {
            files: self.file.display().to_string(),
            fault,
        }
    }
}

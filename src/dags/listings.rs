//! What folders hold, each of them read once.
//!
//! The surprising rule: a scan asks for thousands of files that are not there, and one listing answers what would be a system call each.

use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Component, Path, PathBuf};

/// The names in folders.
#[derive(Debug, Default)]
pub(super) struct Listings {
    folders: HashMap<PathBuf, HashSet<OsString>>,
}

impl Listings {
    /// Whether a folder holds a name.
    pub(super) fn holds(&mut self, folder: &Path, name: &OsStr) -> bool {
        if !self.folders.contains_key(folder) {
            let names = fs::read_dir(folder)
                .map(|entries| entries.flatten().map(|entry| entry.file_name()).collect());
            self.folders
                .insert(folder.to_owned(), names.unwrap_or_default());
        }
        self.folders[folder].contains(name)
    }

    /// A relative path below a folder, if something is there.
    pub(super) fn find(&mut self, folder: &Path, relative: &Path) -> Option<PathBuf> {
        let mut path = folder.to_owned();
        for component in relative.components() {
            match component {
                Component::Normal(name) if !self.holds(&path, name) => return None,
                Component::Normal(name) => path.push(name),
                Component::ParentDir if path.pop() => {}
                Component::CurDir => {}
                _ => return None,
            }
        }
        Some(path)
    }
}

//! The files of `src`, as modules.

use std::path::Path;

/// A source file.
pub struct SourceFile {
    /// Its path below `src`, such as `backend/aws/mod.rs`.
    pub path: String,
    /// Its module, such as `backend/aws`; the crate itself is `lib`.
    pub module: String,
    pub text: String,
}

impl SourceFile {
    pub fn new(path: &str, text: &str) -> Self {
        let module = path.trim_end_matches(".rs").trim_end_matches("/mod");
        Self {
            path: path.to_owned(),
            module: module.to_owned(),
            text: text.to_owned(),
        }
    }

    /// Whether it holds nothing but tests and what they need.
    pub fn is_for_tests(&self) -> bool {
        let mut folders_and_name = self.path.split('/');
        folders_and_name
            .any(|part| ["tests", "tests.rs", "recorded.rs", "testing.rs"].contains(&part))
    }
}

/// Every file of `src`, in order.
pub fn all() -> Vec<SourceFile> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, "", &mut files);
    files.sort_by(|one, other| one.path.cmp(&other.path));
    assert!(files.len() > 50, "the source is not where it was");
    files
}

fn collect(folder: &Path, prefix: &str, files: &mut Vec<SourceFile>) {
    for entry in std::fs::read_dir(folder).expect("a folder of the source") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|name| name.to_str());
        let below = format!("{prefix}{}", name.expect("plain names"));
        if path.is_dir() {
            collect(&path, &format!("{below}/"), files);
        } else if below.ends_with(".rs") {
            let text = std::fs::read_to_string(&path).expect("UTF-8");
            files.push(SourceFile::new(&below, &text));
        }
    }
}

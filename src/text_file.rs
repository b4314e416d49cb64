//! Reading a whole text file: UTF-8, and no larger than a limit.
//!
//! A configuration file is small; one that is not is a mistake, such as a log or a device in its place.

use std::fs::{File, FileType};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::deadline::{Deadline, TimedOut};
use crate::failure::{Failure, Fault};

/// Why a text file could not be read. No variant holds any of its text.
#[derive(Clone, Debug, thiserror::Error)]
pub enum TextFileError {
    /// No such file.
    #[error("`{}` does not exist", path.display())]
    Missing {
        /// The file asked for.
        path: PathBuf,
    },
    /// A directory stands where the file should be.
    #[error("`{}` is a directory, not a file", path.display())]
    Directory {
        /// The path asked for.
        path: PathBuf,
    },
    /// The operating system refused.
    #[error("`{}` cannot be read: {kind}", path.display())]
    Unreadable {
        /// The file asked for.
        path: PathBuf,
        /// What the operating system said.
        kind: io::ErrorKind,
    },
    /// The file is not UTF-8.
    #[error("`{}` is not UTF-8 text (line {line})", path.display())]
    NotUtf8 {
        /// The file asked for.
        path: PathBuf,
        /// The first line that is not UTF-8, from 1.
        line: usize,
    },
    /// The file begins as UTF-16 does, which some editors on Windows write.
    #[error("`{}` is UTF-16, not UTF-8", path.display())]
    Utf16 {
        /// The file asked for.
        path: PathBuf,
    },
    /// The file is larger than any such file should be.
    #[error("`{}` is larger than {limit} bytes", path.display())]
    TooLarge {
        /// The file asked for.
        path: PathBuf,
        /// The largest size that is read, in bytes.
        limit: u64,
    },
    /// The file did not end in time.
    #[error("`{}` cannot be read: {error}", path.display())]
    TimedOut {
        /// The file asked for.
        path: PathBuf,
        /// How long was waited for it.
        error: TimedOut,
    },
}

impl Fault for TextFileError {
    fn failure(&self) -> Failure {
        match self {
            TextFileError::TimedOut { .. } => Failure::Unreachable,
            _ => Failure::Configuration,
        }
    }

    fn hint(&self) -> Option<String> {
        let is_encoding = matches!(
            self,
            TextFileError::NotUtf8 { .. } | TextFileError::Utf16 { .. }
        );
        is_encoding.then(|| "save it as UTF-8".to_owned())
    }

    fn is_own_refusal(&self) -> bool {
        matches!(self, TextFileError::TooLarge { .. })
    }
}

/// Reads the file at `path`, which may hold at most `limit` bytes, until `deadline`: a pipe without a writer has no end.
///
/// # Errors
/// There is no such file, it is no text of this size, or time ran out.
pub async fn read(path: &Path, limit: u64, deadline: Deadline) -> Result<String, TextFileError> {
    let owned = path.to_owned();
    match deadline.off_thread(move || read_now(&owned, limit)).await {
        Ok(text) => text,
        Err(error) => Err(TextFileError::TimedOut {
            path: path.into(),
            error,
        }),
    }
}

/// [`read`] on this thread: only for files of the operating system's own, which are neither pipes nor far away.
pub fn read_now(path: &Path, limit: u64) -> Result<String, TextFileError> {
    let bytes = read_bytes(path, limit).map_err(|error| refused(path, &error))?;
    if bytes.len() as u64 > limit {
        return Err(TextFileError::TooLarge {
            path: path.into(),
            limit,
        });
    }
    String::from_utf8(bytes).map_err(|error| {
        let path = path.into();
        if error.as_bytes().starts_with(&[0xff, 0xfe])
            || error.as_bytes().starts_with(&[0xfe, 0xff])
        {
            return TextFileError::Utf16 { path };
        }
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = valid.iter().filter(|&&byte| byte == b'\n').count() + 1;
        TextFileError::NotUtf8 { path, line }
    })
}

/// What stands at `path`, links followed; `None` where nothing does, or where it cannot be found out.
///
/// # Errors
/// Time ran out.
#[expect(clippy::disallowed_methods, reason = "off the runtime thread")]
pub async fn kind_of(path: &Path, deadline: Deadline) -> Result<Option<FileType>, TimedOut> {
    let path = path.to_owned();
    deadline
        .off_thread(move || path.metadata().ok().map(|found| found.file_type()))
        .await
}

/// One byte more than `limit` at most, so that the caller can tell that there is more.
#[expect(
    clippy::disallowed_methods,
    reason = "off the runtime thread, but for files of the operating system's own"
)]
fn read_bytes(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(limit + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn refused(path: &Path, error: &io::Error) -> TextFileError {
    match error.kind() {
        io::ErrorKind::NotFound => TextFileError::Missing { path: path.into() },
        io::ErrorKind::IsADirectory => TextFileError::Directory { path: path.into() },
        kind => TextFileError::Unreadable {
            path: path.into(),
            kind,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        file
    }

    #[test]
    fn reads_up_to_the_limit() {
        let four = file(b"text");
        assert_eq!(read_now(four.path(), 4).unwrap(), "text");
        assert!(matches!(
            read_now(four.path(), 3),
            Err(TextFileError::TooLarge { limit: 3, .. })
        ));
    }

    #[test]
    fn names_the_line_that_is_not_utf8() {
        let latin = file(b"one\ntwo\ncaf\xe9\n");
        assert!(matches!(
            read_now(latin.path(), 99),
            Err(TextFileError::NotUtf8 { line: 3, .. })
        ));
    }

    #[test]
    fn a_directory_and_a_missing_file_are_told_apart() {
        let directory = tempfile::tempdir().unwrap();
        assert!(matches!(
            read_now(directory.path(), 9),
            Err(TextFileError::Directory { .. })
        ));
        let missing = directory.path().join("missing");
        assert!(matches!(
            read_now(&missing, 9),
            Err(TextFileError::Missing { .. })
        ));
    }

    #[test]
    fn an_endless_device_is_too_large() {
        assert!(matches!(
            read_now(Path::new("/dev/zero"), 100),
            Err(TextFileError::TooLarge { .. })
        ));
    }
}

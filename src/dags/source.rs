//! The text of a file: decoding it as Python does, and turning offsets into lines and columns.
//!
//! Mirrors `tokenize.detect_encoding` of CPython 3.11 (PEP 263). The surprising rule: a file without a cookie must be UTF-8, and
//! one with a cookie is read as the cookie says.

use crate::dags::reference::Place;

/// A file larger than this is not read: no DAG file is, and a generated one would take the memory of the machine.
pub(super) const MAX_FILE_SIZE: u64 = 8 << 20;

/// The text of a file and where its lines start.
#[derive(Debug)]
pub(super) struct Source {
    /// The file, as it is shown.
    pub file: String,
    pub text: String,
    line_starts: Vec<u32>,
    /// How many characters stand before each block of the text; empty where bytes are characters.
    characters: Vec<u32>,
}

/// A line may be as long as the file, so characters are counted from the last block on.
const BLOCK: usize = 1024;

impl Source {
    pub(super) fn new(file: String, text: String) -> Self {
        let line_starts = line_starts(&text);
        let characters = characters_before_blocks(&text);
        Self {
            file,
            text,
            line_starts,
            characters,
        }
    }

    /// The line (from 1) that an offset stands in.
    pub(super) fn line(&self, offset: usize) -> u32 {
        self.line_starts
            .partition_point(|start| *start as usize <= offset) as u32
    }

    /// Where a line (from 1) starts.
    fn line_start(&self, line: u32) -> usize {
        self.line_starts
            .get(line as usize - 1)
            .map_or(self.text.len(), |start| *start as usize)
    }

    /// The place of an offset.
    pub(super) fn place(&self, offset: usize) -> Place {
        let offset = offset.min(self.text.len());
        let line = self.line(offset);
        Place {
            file: self.file.clone(),
            line,
            column: self.characters_before(offset) - self.characters_before(self.line_start(line))
                + 1,
        }
    }

    fn characters_before(&self, offset: usize) -> u32 {
        match self.characters.get(offset / BLOCK) {
            Some(before) => {
                before + starts_of_characters(&self.text.as_bytes()[offset / BLOCK * BLOCK..offset])
            }
            None => offset as u32,
        }
    }
}

fn characters_before_blocks(text: &str) -> Vec<u32> {
    if text.is_ascii() {
        return Vec::new();
    }
    let mut before = vec![0];
    for block in text.as_bytes().chunks(BLOCK) {
        before.push(before[before.len() - 1] + starts_of_characters(block));
    }
    before
}

/// How many characters begin in some bytes of UTF-8.
fn starts_of_characters(bytes: &[u8]) -> u32 {
    bytes.iter().filter(|byte| **byte & 0xc0 != 0x80).count() as u32
}

/// Where lines start; `\n`, `\r\n` and `\r` end one.
fn line_starts(text: &str) -> Vec<u32> {
    let bytes = text.as_bytes();
    let mut starts = vec![0];
    for (index, byte) in bytes.iter().enumerate() {
        let ends = *byte == b'\n' || *byte == b'\r' && bytes.get(index + 1) != Some(&b'\n');
        if ends {
            starts.push(index as u32 + 1);
        }
    }
    starts
}

/// The text of a Python file, or the line that is at fault and why.
pub(super) fn decode_python(bytes: &[u8]) -> Result<String, (u32, String)> {
    let without_mark = bytes.strip_prefix(b"\xef\xbb\xbf");
    let has_mark = without_mark.is_some();
    let bytes = without_mark.unwrap_or(bytes);
    let Some((line, name)) = cookie(bytes) else {
        return decode_utf8(bytes);
    };
    match encoding(&name) {
        Some(Encoding::Utf8) => decode_utf8(bytes),
        Some(_) if has_mark => Err((
            line,
            format!("a UTF-8 byte order mark and the encoding `{name}`"),
        )),
        Some(Encoding::Latin1) => Ok(bytes.iter().map(|byte| char::from(*byte)).collect()),
        Some(Encoding::Ascii) => match bytes.is_ascii() {
            true => decode_utf8(bytes),
            false => Err((
                line,
                "a byte that is not ASCII, where the file says it is".to_owned(),
            )),
        },
        None => Err((
            line,
            format!("the encoding `{name}` is not read by secretctl"),
        )),
    }
}

fn decode_utf8(bytes: &[u8]) -> Result<String, (u32, String)> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(error) => {
            let before = &bytes[..error.valid_up_to()];
            let line = before.iter().filter(|byte| **byte == b'\n').count() as u32 + 1;
            Err((
                line,
                "it is not UTF-8 and names no other encoding".to_owned(),
            ))
        }
    }
}

enum Encoding {
    Utf8,
    Latin1,
    Ascii,
}

/// The encodings that DAG files are written in. cp1252 and its like differ from Latin-1 in characters that no id holds.
fn encoding(name: &str) -> Option<Encoding> {
    let name = name.to_ascii_lowercase().replace('_', "-");
    match name.as_str() {
        "utf-8" | "utf8" | "utf-8-sig" | "utf-8-unix" | "u8" => Some(Encoding::Utf8),
        "latin-1" | "latin1" | "iso-8859-1" | "iso8859-1" | "iso-8859-15" | "latin-9" | "l1"
        | "cp1252" | "windows-1252" => Some(Encoding::Latin1),
        "ascii" | "us-ascii" => Some(Encoding::Ascii),
        _ => None,
    }
}

/// The encoding that one of the first two lines names: `^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)`.
fn cookie(bytes: &[u8]) -> Option<(u32, String)> {
    for (number, line) in bytes.split(|byte| *byte == b'\n').take(2).enumerate() {
        let line = String::from_utf8_lossy(line);
        let line = line.trim_start_matches([' ', '\t', '\u{c}']);
        if let Some(comment) = line.strip_prefix('#') {
            if let Some(name) = cookie_in(comment) {
                return Some((number as u32 + 1, name));
            }
        } else if !line.trim().is_empty() {
            return None;
        }
    }
    None
}

fn cookie_in(comment: &str) -> Option<String> {
    comment.match_indices("coding").find_map(|(start, word)| {
        let rest = comment[start + word.len()..]
            .strip_prefix([':', '='])?
            .trim_start_matches([' ', '\t']);
        let end = rest.find(|c: char| !c.is_alphanumeric() && !matches!(c, '-' | '_' | '.'));
        let name = &rest[..end.unwrap_or(rest.len())];
        (!name.is_empty()).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_decoded_as_python_does() {
        let cases: [(&[u8], Result<&str, u32>); 9] = [
            (b"x = 1", Ok("x = 1")),
            (b"\xef\xbb\xbfx = 1", Ok("x = 1")),
            (
                b"# -*- coding: latin-1 -*-\nx = '\xe9'",
                Ok("# -*- coding: latin-1 -*-\nx = '\u{e9}'"),
            ),
            (
                b"#!/usr/bin/python\n# vim: set fileencoding=iso-8859-1 :\nx = '\xe9'",
                Ok("#!/usr/bin/python\n# vim: set fileencoding=iso-8859-1 :\nx = '\u{e9}'"),
            ),
            (b"x = 1\n# coding: latin-1\ny = '\xe9'", Err(3)),
            (b"x = 1\ny = '\xe9'", Err(2)),
            (b"# coding: koi8-r\n", Err(1)),
            (b"\xef\xbb\xbf# coding: latin-1\n", Err(1)),
            (b"# coding: ascii\nx = '\xe9'", Err(1)),
        ];
        for (bytes, expected) in cases {
            let decoded = decode_python(bytes);
            assert_eq!(
                decoded.as_deref().map_err(|(line, _)| *line),
                expected,
                "{}",
                bytes.escape_ascii()
            );
        }
    }

    #[test]
    fn columns_are_characters() {
        let source = Source::new("f".to_owned(), "a\r\n\u{e9}\u{e9}b\rc\n".to_owned());
        for (offset, line, column) in [(0, 1, 1), (3, 2, 1), (7, 2, 3), (9, 3, 1), (11, 4, 1)] {
            let place = source.place(offset);
            assert_eq!((place.line, place.column), (line, column), "{offset}");
        }
        let long = Source::new("f".to_owned(), "\u{e9}".repeat(5000));
        assert_eq!(long.place(8000).column, 4001);
    }
}

//! Rust's words and marks with the lines they stand on, without comments, texts and numbers: enough to see imports and functions.

/// A word or a mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    Word(String),
    Mark(char),
}

/// A token and its line, from 1.
#[derive(Clone, Debug)]
pub struct Placed {
    pub token: Token,
    pub line: usize,
}

impl Placed {
    pub fn is(&self, mark: char) -> bool {
        self.token == Token::Mark(mark)
    }

    pub fn word(&self) -> Option<&str> {
        match &self.token {
            Token::Word(word) => Some(word),
            Token::Mark(_) => None,
        }
    }
}

/// The tokens of a source text.
pub fn tokens(text: &str) -> Vec<Placed> {
    let mut reader = Reader {
        rest: text,
        line: 1,
        tokens: Vec::new(),
    };
    while !reader.rest.is_empty() {
        reader.step();
    }
    reader.tokens
}

/// The index after the group that opens at `open`.
pub fn after_group(tokens: &[Placed], open: usize) -> usize {
    let mut depth = 0_usize;
    for (index, placed) in tokens.iter().enumerate().skip(open) {
        match placed.token {
            Token::Mark('(' | '[' | '{') => depth += 1,
            Token::Mark(')' | ']' | '}') => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return index + 1;
        }
    }
    tokens.len()
}

struct Reader<'a> {
    rest: &'a str,
    line: usize,
    tokens: Vec<Placed>,
}

impl Reader<'_> {
    fn step(&mut self) {
        let length = match () {
            () if self.rest.starts_with("//") => self.rest.find('\n').unwrap_or(self.rest.len()),
            () if self.rest.starts_with("/*") => block_comment(self.rest),
            () => text_literal(self.rest).unwrap_or_else(|| self.other()),
        };
        self.line += self.rest[..length].matches('\n').count();
        self.rest = &self.rest[length..];
    }

    /// A word or a mark, which is kept; white space and numbers are not.
    fn other(&mut self) -> usize {
        let Some(first) = self.rest.chars().next() else {
            return 0;
        };
        let is_part = |c: char| c.is_alphanumeric() || c == '_';
        let length = match is_part(first) {
            true => self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len()),
            false => first.len_utf8(),
        };
        let token = match &self.rest[..length] {
            _ if first.is_whitespace() || first.is_numeric() => return length,
            word if is_part(first) => Token::Word(word.to_owned()),
            _ => Token::Mark(first),
        };
        let line = self.line;
        self.tokens.push(Placed { token, line });
        length
    }
}

/// The length of a comment that may hold others.
fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < text.len() {
        let rest = &text[at..];
        let (change, length) = match () {
            () if rest.starts_with("/*") => (1, 2),
            () if rest.starts_with("*/") => (-1, 2),
            () => (0, rest.chars().next().map_or(1, char::len_utf8)),
        };
        depth += change;
        at += length;
        if depth == 0 {
            break;
        }
    }
    at
}

/// The length of the text, the character or the lifetime that starts here.
fn text_literal(text: &str) -> Option<usize> {
    for prefix in ["br", "cr", "r"] {
        let Some(raw) = text.strip_prefix(prefix) else {
            continue;
        };
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        if raw[hashes..].starts_with('"') {
            let end = format!("\"{}", "#".repeat(hashes));
            let body = &raw[hashes + 1..];
            let length = body.find(&end).map_or(body.len(), |at| at + end.len());
            return Some(prefix.len() + hashes + 1 + length);
        }
    }
    let prefix =
        usize::from(text.starts_with("b\"") || text.starts_with("b'") || text.starts_with("c\""));
    match text[prefix..].chars().next()? {
        '"' => Some(prefix + quoted(&text[prefix..], '"')),
        '\'' => Some(prefix + character_or_lifetime(&text[prefix..])),
        _ => None,
    }
}

fn character_or_lifetime(text: &str) -> usize {
    let mut characters = text.chars().skip(1);
    match (characters.next(), characters.next()) {
        (Some('\\'), _) | (Some(_), Some('\'')) => quoted(text, '\''),
        _ => 1,
    }
}

fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[test]
fn words_and_marks_are_seen_and_texts_are_not() {
    let text = "/* a /* b */ c */ fn f<'a>(x: &'a str) -> char { // no\n r#\"q \"in\"\"#; b'\\''; '{'; \"\\\"}\"; 1_u8 }";
    let seen: String = tokens(text)
        .iter()
        .map(|placed| match &placed.token {
            Token::Word(word) => format!("{word} "),
            Token::Mark(mark) => mark.to_string(),
        })
        .collect();
    assert_eq!(seen, "fn f <a >(x :&a str )->char {;;;;}");
    assert_eq!(tokens(text).last().map(|placed| placed.line), Some(2));
}

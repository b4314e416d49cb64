//! The events of a YAML text, as libyaml 0.2.5 gives them to PyYAML's `CParser`.
//!
//! `libyaml-safer` is libyaml in Rust and agrees with it, except for two inputs on which it panics instead. The
//! surprising rule: so a line break is added to the text and taken off again, and a tag right before a comma is refused.

use std::io::{Chain, Read};

use libyaml_safer::{Error, Event, EventData, Parser, ScalarStyle, Scanner, TokenData};

use zeroize::Zeroizing;

use super::MAX_TAG_DIRECTIVES;
use super::error::{Problem, YamlError};

/// Ends the last line of every text, since the parser panics on a block scalar that the end of the text cuts off.
///
/// U+2028 is a line break to YAML 1.1 and the one that is kept as it is, so it can be told from the text's own breaks.
const LAST_BREAK: char = '\u{2028}';
const LAST_BREAK_BYTES: &[u8] = "\u{2028}".as_bytes();

/// The text, its last line ended.
type Input<'a> = Chain<&'a [u8], &'a [u8]>;

/// Reads one event after the other.
pub(crate) struct Events<'a> {
    parser: Parser<Input<'a>>,
    length: u64,
}

impl<'a> Events<'a> {
    /// Starts at the first event.
    pub(crate) fn of(text: &'a str) -> Result<Self, YamlError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        refuse_control_characters(text)?;
        refuse_many_tag_directives(text)?;
        refuse_tag_before_comma(text)?;
        let mut parser = Parser::new();
        parser.set_input(text.as_bytes().chain(LAST_BREAK_BYTES));
        Ok(Self {
            parser,
            length: text.len() as u64,
        })
    }

    /// The next event and the line it starts in; the end of the stream again and again when there are no more.
    pub(super) fn next(&mut self) -> Result<(EventData, usize), YamlError> {
        let (data, line, _) = self.next_with_column()?;
        Ok((data, line))
    }

    /// The next event with the line and the column it starts in, both from 1.
    pub(crate) fn next_with_column(&mut self) -> Result<(EventData, usize, usize), YamlError> {
        let mut event = self.parser.parse().map_err(syntax_error)?;
        self.take_off_last_break(&mut event);
        let mark = event.start_mark;
        Ok((event.data, line_of(mark.line), line_of(mark.column)))
    }

    fn take_off_last_break(&self, event: &mut Event) {
        if let EventData::Scalar {
            value,
            style: ScalarStyle::Literal | ScalarStyle::Folded,
            ..
        } = &mut event.data
            && event.end_mark.index > self.length
            && value.ends_with(LAST_BREAK)
        {
            value.pop();
        }
    }
}

/// The parser counts lines and columns from 0.
fn line_of(line: u64) -> usize {
    usize::try_from(line).map_or(usize::MAX, |line| line.saturating_add(1))
}

fn syntax_error(error: Error) -> YamlError {
    let line = error.problem_mark().map_or(1, |mark| line_of(mark.line));
    YamlError::new(Problem::Syntax(error.problem()), line)
}

/// libyaml's reader refuses these as well, but does not say in which line.
fn refuse_control_characters(text: &str) -> Result<(), YamlError> {
    let Some(offset) = text.find(|c| !is_allowed(c)) else {
        return Ok(());
    };
    let line = text[..offset].matches('\n').count() + 1;
    Err(YamlError::new(Problem::ControlCharacter, line))
}

/// A directive stands at the start of a line; what looks like one there, in a text of many lines, is counted with them.
fn refuse_many_tag_directives(text: &str) -> Result<(), YamlError> {
    let directives = (1..)
        .zip(text.split('\n'))
        .filter(|(_, line)| line.starts_with("%TAG"));
    match directives.map(|(line, _)| line).nth(MAX_TAG_DIRECTIVES) {
        Some(line) => Err(YamlError::new(Problem::TooManyTagDirectives, line)),
        None => Ok(()),
    }
}

fn is_allowed(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{fffd}' | '\u{10000}'..)
}

/// Fails on `[!tag, x]`, where the parser panics.
///
/// Only the scanner knows whether a `!` begins a tag. So it is asked, with a letter in the place of each doubtful `!`:
/// where a plain scalar begins with that letter, a tag would have begun.
fn refuse_tag_before_comma(text: &str) -> Result<(), YamlError> {
    let doubtful = doubtful_tags(text.as_bytes());
    if doubtful.is_empty() {
        return Ok(());
    }
    let mut probe = Zeroizing::new(text.as_bytes().to_vec());
    doubtful.iter().for_each(|offset| probe[*offset] = b'x');
    let mut scanner = Scanner::new();
    scanner.set_input(probe.as_slice().chain(LAST_BREAK_BYTES));
    loop {
        let token = Scanner::scan(&mut scanner).map_err(syntax_error)?;
        let style = match token.data {
            TokenData::StreamEnd => return Ok(()),
            TokenData::Scalar { style, .. } => style,
            _ => continue,
        };
        let start = usize::try_from(token.start_mark.index).unwrap_or(usize::MAX);
        if style == ScalarStyle::Plain && doubtful.binary_search(&start).is_ok() {
            let line = line_of(token.start_mark.line);
            return Err(YamlError::new(Problem::TagBeforeComma, line));
        }
    }
}

/// Where a `!` stands that, if it begins a tag, may begin one that ends at a comma.
fn doubtful_tags(text: &[u8]) -> Vec<usize> {
    let mut doubtful = Vec::new();
    // whether a comma follows before the next blank, and whether one follows the next `>`
    let (mut comma, mut comma_after_bracket) = (false, false);
    for (offset, byte) in text.iter().enumerate().rev() {
        match byte {
            b',' => comma = true,
            b'>' => comma_after_bracket = comma,
            b'!' if text.get(offset + 1) == Some(&b'<') && !comma_after_bracket => {}
            b'!' if comma => doubtful.push(offset),
            byte if !byte.is_ascii_graphic() => (comma, comma_after_bracket) = (false, false),
            _ => {}
        }
    }
    doubtful.reverse();
    doubtful
}

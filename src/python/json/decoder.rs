//! `json.loads` (CPython 3.11.7, the C scanner).
//!
//! The surprising rule: Python makes a string of half a surrogate pair. Here that is an error, told only if all the rest
//! is JSON. Nesting is kept on the heap, so depth costs no stack.

use super::error::{JsonError, Problem};
use super::size::holds_too_many;
use super::{Dict, Value};
use crate::python::number::{MAX_INT_DIGITS, canonical_int};
use crate::secret::SecretText;

/// The deepest nesting of objects and arrays that is read.
///
/// Python stops at 1000, less what its stack holds already: Airflow reads 978 levels from a bare script and fewer from a
/// task. In between, the outcome hangs on the caller, so it is not relied on.
pub const MAX_DEPTH: usize = 900;

/// `json.loads(text)`, in time linear in the length of `text`.
pub fn loads(text: &str) -> Result<Value, JsonError> {
    match loads_replacing(text)? {
        (_, Some(half_surrogate)) => Err(half_surrogate),
        (value, None) => Ok(value),
    }
}

/// `json.loads(text)` with U+FFFD for each half of a surrogate pair, and the first of those halves, if there is one.
pub fn loads_replacing(text: &str) -> Result<(Value, Option<JsonError>), JsonError> {
    if text.starts_with('\u{feff}') {
        return Err(JsonError::new(Problem::ByteOrderMark, text, 0));
    }
    if holds_too_many(text.as_bytes()) {
        return Err(JsonError::new(Problem::TooManyValues, text, 0));
    }
    let mut scanner = Scanner {
        text,
        position: 0,
        unpaired_surrogate: None,
    };
    let error = |(problem, offset)| JsonError::new(problem, text, offset);
    let value = scanner.document().map_err(error)?;
    let half = scanner.unpaired_surrogate;
    let half = half.map(|offset| error((Problem::UnpairedSurrogate, offset)));
    Ok((value, half))
}

/// What is wrong, and at which byte.
type Fault = (Problem, usize);

/// An object or array whose end is still to come.
enum Open {
    List(Vec<Value>),
    /// The pairs so far, and the key that waits for its value.
    Dict(Dict, String),
}

/// A value that has been read to its end, or a container that has not.
enum Progress {
    Whole(Value),
    Open(Open),
}

struct Scanner<'a> {
    text: &'a str,
    position: usize,
    /// Told only when nothing else is wrong: Python goes on after half a surrogate pair.
    unpaired_surrogate: Option<usize>,
}

impl Scanner<'_> {
    fn document(&mut self) -> Result<Value, Fault> {
        self.skip_space();
        let value = self.value()?;
        self.skip_space();
        if self.position < self.text.len() {
            return Err((Problem::ExtraData, self.position));
        }
        Ok(value)
    }

    fn value(&mut self) -> Result<Value, Fault> {
        let mut open = Vec::new();
        loop {
            if open.len() == MAX_DEPTH && matches!(self.peek(), Some(b'[' | b'{')) {
                return Err((Problem::NestedTooDeeply, self.position));
            }
            let mut value = match self.start_value()? {
                Progress::Whole(value) => value,
                Progress::Open(container) => {
                    open.push(container);
                    continue;
                }
            };
            loop {
                match open.pop() {
                    None => return Ok(value),
                    Some(container) => match self.add(container, value)? {
                        Progress::Whole(closed) => value = closed,
                        Progress::Open(container) => {
                            open.push(container);
                            break;
                        }
                    },
                }
            }
        }
    }

    /// A scalar, an empty object or array, or the start of a filled one.
    fn start_value(&mut self) -> Result<Progress, Fault> {
        match self.peek() {
            Some(b'"') => Ok(Progress::Whole(Value::Text(SecretText::new(
                self.string()?,
            )))),
            Some(b'{') => self.start_dict(),
            Some(b'[') => {
                self.position += 1;
                self.skip_space();
                let list = Vec::new();
                Ok(if self.take(b']') {
                    Progress::Whole(Value::List(list))
                } else {
                    Progress::Open(Open::List(list))
                })
            }
            _ => match self.constant() {
                Some(value) => Ok(Progress::Whole(value)),
                None => Ok(Progress::Whole(self.number()?)),
            },
        }
    }

    fn start_dict(&mut self) -> Result<Progress, Fault> {
        self.position += 1;
        self.skip_space();
        if self.take(b'}') {
            return Ok(Progress::Whole(Value::Dict(Dict::new())));
        }
        let key = self.key()?;
        Ok(Progress::Open(Open::Dict(Dict::new(), key)))
    }

    /// Puts `value` in its container and reads on to the next value or past the container's end.
    fn add(&mut self, container: Open, value: Value) -> Result<Progress, Fault> {
        self.skip_space();
        match container {
            Open::List(mut list) => {
                list.push(value);
                if self.take(b']') {
                    return Ok(Progress::Whole(Value::List(list)));
                }
                self.comma()?;
                Ok(Progress::Open(Open::List(list)))
            }
            Open::Dict(mut dict, key) => {
                dict.insert(key, value);
                if self.take(b'}') {
                    return Ok(Progress::Whole(Value::Dict(dict)));
                }
                self.comma()?;
                let key = self.key()?;
                Ok(Progress::Open(Open::Dict(dict, key)))
            }
        }
    }

    fn comma(&mut self) -> Result<(), Fault> {
        if !self.take(b',') {
            return Err((Problem::ExpectingComma, self.position));
        }
        self.skip_space();
        Ok(())
    }

    /// A key, its colon and the space after it.
    fn key(&mut self) -> Result<String, Fault> {
        if self.peek() != Some(b'"') {
            return Err((Problem::ExpectingPropertyName, self.position));
        }
        let key = self.string()?;
        self.skip_space();
        if !self.take(b':') {
            return Err((Problem::ExpectingColon, self.position));
        }
        self.skip_space();
        Ok(key)
    }

    fn constant(&mut self) -> Option<Value> {
        let constants = [
            ("null", Value::None),
            ("true", Value::Bool(true)),
            ("false", Value::Bool(false)),
            ("NaN", Value::Float(f64::NAN)),
            ("Infinity", Value::Float(f64::INFINITY)),
            ("-Infinity", Value::Float(f64::NEG_INFINITY)),
        ];
        let rest = self.rest();
        let (name, value) = constants
            .into_iter()
            .find(|(name, _)| rest.starts_with(name.as_bytes()))?;
        self.position += name.len();
        Some(value)
    }

    fn number(&mut self) -> Result<Value, Fault> {
        let start = self.position;
        let sign = if self.take(b'-') { "-" } else { "" };
        let digits_start = self.position;
        if !self.take(b'0') {
            self.skip_digits();
        }
        let digits_end = self.position;
        if digits_start == digits_end {
            return Err((Problem::ExpectingValue, start));
        }
        self.skip_fraction();
        self.skip_exponent();
        let digits = &self.text[digits_start..digits_end];
        if self.position > digits_end {
            let number = self.text[start..self.position].parse();
            return number
                .map(Value::Float)
                .map_err(|_| (Problem::ExpectingValue, start));
        }
        if digits.len() > MAX_INT_DIGITS {
            return Err((Problem::IntegerTooLong, start));
        }
        Ok(Value::Int(canonical_int(sign, digits)))
    }

    /// `.` and digits; a `.` without digits is left for whoever comes next.
    fn skip_fraction(&mut self) {
        if matches!(self.rest(), [b'.', b'0'..=b'9', ..]) {
            self.position += 1;
            self.skip_digits();
        }
    }

    fn skip_exponent(&mut self) {
        match self.rest() {
            [b'e' | b'E', b'0'..=b'9', ..] => self.position += 1,
            [b'e' | b'E', b'+' | b'-', b'0'..=b'9', ..] => self.position += 2,
            _ => return,
        }
        self.skip_digits();
    }

    /// A string, from its opening to past its closing quote.
    fn string(&mut self) -> Result<String, Fault> {
        let quote = self.position;
        self.position += 1;
        let mut string = String::new();
        loop {
            let plain_start = self.position;
            self.skip_while(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\');
            string.push_str(&self.text[plain_start..self.position]);
            match self.peek() {
                None => return Err((Problem::UnterminatedString, quote)),
                Some(b'"') => {
                    self.position += 1;
                    return Ok(string);
                }
                Some(b'\\') => string.push(self.escape(quote)?),
                Some(_) => return Err((Problem::ControlCharacter, self.position)),
            }
        }
    }

    /// One escaped character, from its backslash on; a surrogate pair is one character.
    fn escape(&mut self, quote: usize) -> Result<char, Fault> {
        let backslash = self.position;
        let Some(letter) = self.rest().get(1) else {
            return Err((Problem::UnterminatedString, quote));
        };
        let character = match letter {
            b'"' | b'\\' | b'/' => char::from(*letter),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode_escape(),
            _ => return Err((Problem::InvalidEscape, backslash)),
        };
        self.position += 2;
        Ok(character)
    }

    fn unicode_escape(&mut self) -> Result<char, Fault> {
        let backslash = self.position;
        let first = self.hexadecimal_unit()?;
        if matches!(first, 0xd800..=0xdbff) && self.rest().starts_with(b"\\u") {
            let after_first = self.position;
            let second = self.hexadecimal_unit()?;
            if let Some(Ok(character)) = char::decode_utf16([first, second]).next() {
                return Ok(character);
            }
            self.position = after_first;
        }
        Ok(char::from_u32(u32::from(first)).unwrap_or_else(|| {
            self.unpaired_surrogate.get_or_insert(backslash);
            char::REPLACEMENT_CHARACTER
        }))
    }

    /// `\u` and four hexadecimal digits: one UTF-16 unit. Python wants one more character after them.
    fn hexadecimal_unit(&mut self) -> Result<u16, Fault> {
        let fault = (Problem::InvalidUnicodeEscape, self.position + 1);
        let [_, _, digits @ .., _] = self.rest().get(..7).ok_or(fault)? else {
            return Err(fault);
        };
        let unit = digits.iter().try_fold(0, |unit, digit| {
            Some(unit << 4 | char::from(*digit).to_digit(16)?)
        });
        self.position += 6;
        unit.and_then(|unit| u16::try_from(unit).ok()).ok_or(fault)
    }

    fn rest(&self) -> &[u8] {
        &self.text.as_bytes()[self.position..]
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.position).copied()
    }

    /// Steps over `byte` if it is next.
    fn take(&mut self, byte: u8) -> bool {
        let next = self.peek() == Some(byte);
        self.position += usize::from(next);
        next
    }

    fn skip_space(&mut self) {
        self.skip_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
    }

    fn skip_digits(&mut self) {
        self.skip_while(|byte| byte.is_ascii_digit());
    }

    fn skip_while(&mut self, accepts: impl Fn(u8) -> bool) {
        self.position += self
            .rest()
            .iter()
            .take_while(|byte| accepts(**byte))
            .count();
    }
}

//! How many values a JSON text may hold: each takes many times the bytes that it is written in.
//!
//! Python has no such limit. The surprising rule: the text is counted before it is read, whether it is JSON or not, so that a
//! text of commas is refused as one of values would be.

/// The most values, whatever their size, that a text may hold.
pub const MAX_VALUES: usize = 100_000;

/// Whether a text, if it is JSON, holds more than [`MAX_VALUES`]. What stands inside a string does not count.
pub fn holds_too_many(text: &[u8]) -> bool {
    if text.len() <= MAX_VALUES {
        return false;
    }
    let (mut values, mut in_string, mut escaped) = (0, false, false);
    for byte in text {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b',' | b'[' | b'{' if !in_string => values += 1,
            _ => {}
        }
    }
    values > MAX_VALUES
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::python::json::{Problem, loads};

    fn problem(text: &str) -> Option<Problem> {
        loads(text).err().map(|error| error.problem)
    }

    #[test]
    fn a_text_of_too_many_values_is_refused_before_it_is_read() {
        let list = |items: usize, item: &str| format!("[{}0]", format!("{item},").repeat(items));
        assert_eq!(problem(&list(MAX_VALUES - 1, "0")), None);
        for item in ["0", "[]", "{}", r#"{"a":"\"["}"#] {
            let many = list(MAX_VALUES, item);
            assert_eq!(problem(&many), Some(Problem::TooManyValues), "{item}");
        }
    }

    #[test]
    fn a_long_text_is_one_value() {
        let long = format!(r#""{}""#, r#"[,{\"\\"#.repeat(MAX_VALUES));
        assert_eq!(problem(&long), None);
    }
}

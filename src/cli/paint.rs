//! Colour for people, and none for programs: each stream decides for itself.

use super::arguments::Color;
use crate::env::Env;

/// What a colour tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hue {
    /// It failed.
    Red,
    /// It is not as it could be.
    Yellow,
    /// It is as it should be.
    Green,
    /// It is worth a look.
    Cyan,
}

impl Hue {
    fn code(self) -> &'static str {
        match self {
            Hue::Red => "1;31",
            Hue::Yellow => "1;33",
            Hue::Green => "1;32",
            Hue::Cyan => "1;36",
        }
    }
}

/// Whether one stream gets colour.
#[derive(Clone, Copy, Debug)]
pub struct Paint {
    in_color: bool,
}

impl Paint {
    /// Decides as told, else by the stream: colour on a terminal that has some, unless `NO_COLOR` is set.
    pub fn new(color: Color, is_terminal: bool, env: &Env) -> Self {
        let has = |name, refuses: fn(&str) -> bool| matches!(env.get(name), Ok(Some(value)) if refuses(value));
        let is_refused = has("NO_COLOR", |value| !value.is_empty());
        let is_dumb = has("TERM", |value| value == "dumb");
        let in_color = match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => is_terminal && !is_refused && !is_dumb,
        };
        Self { in_color }
    }

    /// `text`, which steers no terminal, in a colour.
    pub(super) fn paint(self, hue: Hue, text: &str) -> String {
        match self.in_color {
            true => format!("\u{1b}[{}m{text}\u{1b}[0m", hue.code()),
            false => text.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_colored(color: Color, is_terminal: bool, variables: &[(&str, &str)]) -> bool {
        let env = Env::from_pairs(variables.iter().copied());
        Paint::new(color, is_terminal, &env).paint(Hue::Red, "a") == "\u{1b}[1;31ma\u{1b}[0m"
    }

    #[test]
    fn colour_is_for_terminals_that_want_it() {
        assert!(is_colored(Color::Auto, true, &[]));
        assert!(is_colored(Color::Auto, true, &[("NO_COLOR", "")]));
        assert!(is_colored(Color::Auto, true, &[("TERM", "xterm-256color")]));
        assert!(!is_colored(Color::Auto, false, &[]));
        assert!(!is_colored(Color::Auto, true, &[("NO_COLOR", "1")]));
        assert!(!is_colored(Color::Auto, true, &[("TERM", "dumb")]));
    }

    #[test]
    fn an_option_wins_over_what_the_environment_says() {
        assert!(is_colored(Color::Always, false, &[("NO_COLOR", "1")]));
        assert!(!is_colored(Color::Never, true, &[]));
    }
}

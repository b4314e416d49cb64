//! airflow.cfg: Python's `configparser.ConfigParser` with `BasicInterpolation` (CPython 3.11.7), as Airflow 3.3.2 sets it up.
//!
//! Surprising rules: sections and options are looked up in lower case but kept as they are written, so `BACKEND` is not
//! found; a comment is a whole line, so `key = value # text` keeps `# text`; an indented line goes on with the value above
//! it, past empty lines and comments; and a lone `%` is an error, which is found only when the option is read.

use indexmap::IndexMap;
use zeroize::Zeroizing;

use crate::python::text::{is_space, strip};
use crate::secret::SecretText;

/// Of `%(name)s` inside `%(name)s`, as in Python.
const DEEPEST_INTERPOLATION: usize = 10;
/// What one option may come to, in references and in bytes; Python has no such limit.
const MOST_REFERENCES: usize = 10_000;
const LARGEST_VALUE: usize = 16 * 1024 * 1024;

/// The section whose options stand in for missing ones of every other section.
const DEFAULT_SECTION: &str = "DEFAULT";

/// What airflow.cfg says, before interpolation.
#[derive(Debug, Default)]
pub struct CfgFile {
    sections: IndexMap<String, Section>,
    defaults: Section,
}

type Section = IndexMap<String, RawOption>;

#[derive(Debug, Default)]
struct RawOption {
    value: SecretText,
    line: usize,
}

/// The value of an option, and where it stands.
#[derive(Debug)]
pub struct CfgValue {
    /// The value after interpolation.
    pub text: SecretText,
    /// The line of its name, from 1.
    pub line: usize,
}

/// What is wrong in airflow.cfg, and in which line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct CfgFault {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub problem: CfgProblem,
}

/// What is wrong in a line of airflow.cfg.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CfgProblem {
    /// Something before the first `[section]`.
    #[error("a `[section]` must stand before the first option")]
    NoSection,
    /// A byte order mark, which Python takes for text.
    #[error("the file starts with a byte order mark (U+FEFF), which Airflow cannot read")]
    ByteOrderMark,
    /// A section for the second time.
    #[error("this section is already in the file")]
    DuplicateSection,
    /// An option for the second time in its section.
    #[error("this option is already in its section")]
    DuplicateOption,
    /// Neither a section, nor an option, nor the next line of a value.
    #[error("neither `[section]` nor `option = value`")]
    NotAnOption,
    /// A `%` that means nothing.
    #[error("a `%` in the value is followed by neither `%` nor `(name)s`")]
    BadInterpolation,
    /// A reference to an option that neither the section nor `[DEFAULT]` has.
    #[error(
        "`%(name)s` in the value names an option that is neither in this section nor in [DEFAULT]"
    )]
    MissingReference,
    /// References without end.
    #[error(
        "the `%(name)s` references in the value are nested more than {DEEPEST_INTERPOLATION} deep"
    )]
    TooDeep,
    /// References that bring in too much.
    #[error("the `%(name)s` references in the value bring in too much text")]
    TooLarge,
}

impl CfgFile {
    /// Reads the text of a file.
    pub fn parse(text: &str) -> Result<Self, CfgFault> {
        if text.starts_with('\u{feff}') {
            return Err(CfgFault {
                line: 1,
                problem: CfgProblem::ByteOrderMark,
            });
        }
        let mut reader = Reader::default();
        for (index, line) in universal_lines(text).enumerate() {
            reader.read_line(index + 1, line)?;
        }
        reader.finish_option();
        Ok(reader.file)
    }

    /// The value of an option, interpolated.
    pub fn get(&self, section: &str, key: &str) -> Result<Option<CfgValue>, CfgFault> {
        let Some(options) = self.options(section) else {
            return Ok(None);
        };
        let Some(option) = self.raw(options, key) else {
            return Ok(None);
        };
        let mut expander = Expander {
            file: self,
            options,
            references: 0,
            text: Zeroizing::default(),
        };
        expander
            .expand(option.value.expose(), 1)
            .map_err(|problem| CfgFault {
                line: option.line,
                problem,
            })?;
        let text = SecretText::new(std::mem::take(&mut *expander.text));
        Ok(Some(CfgValue {
            text,
            line: option.line,
        }))
    }

    /// The names of the sections.
    pub fn section_names(&self) -> impl Iterator<Item = &str> {
        self.sections.keys().map(String::as_str)
    }

    /// Every section with its options as they are written, those of `[DEFAULT]` last: Python's `RawConfigParser`.
    pub fn raw_sections(
        &self,
    ) -> impl Iterator<Item = (&str, impl Iterator<Item = (&str, &SecretText)>)> {
        self.sections.iter().map(|(name, section)| {
            let options = section.iter().chain(&self.defaults);
            let plain = options.map(|(name, option)| (name.as_str(), &option.value));
            (name.as_str(), plain)
        })
    }

    fn options(&self, section: &str) -> Option<&Section> {
        if section == DEFAULT_SECTION {
            Some(&self.defaults)
        } else {
            self.sections.get(section)
        }
    }

    fn raw<'a>(&'a self, options: &'a Section, key: &str) -> Option<&'a RawOption> {
        options.get(key).or_else(|| self.defaults.get(key))
    }
}

/// Lines as a text file of Python has them: each of `\n`, `\r\n` and `\r` ends one.
fn universal_lines(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n')
        .flat_map(|line| line.strip_suffix('\r').unwrap_or(line).split('\r'))
}

/// Reads line by line, as `ConfigParser._read` does.
#[derive(Default)]
struct Reader {
    file: CfgFile,
    section: Option<String>,
    open: Option<OpenOption>,
    indent: usize,
}

/// An option whose value may go on in the next line.
struct OpenOption {
    name: String,
    line: usize,
    value: Zeroizing<String>,
}

impl Reader {
    fn read_line(&mut self, number: usize, line: &str) -> Result<(), CfgFault> {
        let content = strip(line);
        if content.starts_with(['#', ';']) {
            return Ok(());
        }
        if content.is_empty() {
            self.continue_value("");
            return Ok(());
        }
        let indent = line.chars().take_while(|&c| is_space(c)).count();
        if self.open.is_some() && indent > self.indent {
            self.continue_value(content);
            return Ok(());
        }
        self.indent = indent;
        self.read_statement(number, content)
            .map_err(|problem| CfgFault {
                line: number,
                problem,
            })
    }

    fn continue_value(&mut self, content: &str) {
        if let Some(open) = &mut self.open {
            open.value.push('\n');
            open.value.push_str(content);
        }
    }

    fn read_statement(&mut self, number: usize, content: &str) -> Result<(), CfgProblem> {
        if let Some(name) = section_name(content) {
            return self.start_section(name);
        }
        if self.section.is_none() {
            return Err(CfgProblem::NoSection);
        }
        let (name, value) = content
            .split_once(['=', ':'])
            .ok_or(CfgProblem::NotAnOption)?;
        let name = name.trim_end_matches(is_space).to_owned();
        if name.is_empty() {
            return Err(CfgProblem::NotAnOption);
        }
        self.finish_option();
        if self.current_options().contains_key(&name) {
            return Err(CfgProblem::DuplicateOption);
        }
        let value = Zeroizing::new(strip(value).to_owned());
        self.open = Some(OpenOption {
            name,
            line: number,
            value,
        });
        Ok(())
    }

    fn start_section(&mut self, name: &str) -> Result<(), CfgProblem> {
        self.finish_option();
        if self.file.sections.contains_key(name) {
            return Err(CfgProblem::DuplicateSection);
        }
        if name != DEFAULT_SECTION {
            self.file
                .sections
                .insert(name.to_owned(), Section::default());
        }
        self.section = Some(name.to_owned());
        Ok(())
    }

    /// Puts the option whose value has ended into its section.
    fn finish_option(&mut self) {
        if let Some(OpenOption { name, line, value }) = self.open.take() {
            let value = SecretText::new(value.trim_end_matches(is_space));
            self.current_options()
                .insert(name, RawOption { value, line });
        }
    }

    fn current_options(&mut self) -> &mut Section {
        let section = self.section.as_deref();
        match section.and_then(|name| self.file.sections.get_mut(name)) {
            Some(options) => options,
            None => &mut self.file.defaults,
        }
    }
}

/// The name in `[name]`; what stands after the last bracket is not looked at.
fn section_name(content: &str) -> Option<&str> {
    let end = content.rfind(']')?;
    content[..end]
        .strip_prefix('[')
        .filter(|name| !name.is_empty())
}

/// Interpolates one value, as `BasicInterpolation` does.
struct Expander<'a> {
    file: &'a CfgFile,
    options: &'a Section,
    references: usize,
    text: Zeroizing<String>,
}

impl Expander<'_> {
    fn expand(&mut self, value: &str, depth: usize) -> Result<(), CfgProblem> {
        // a value without `%` is no level of its own
        if value.contains('%') && depth > DEEPEST_INTERPOLATION {
            return Err(CfgProblem::TooDeep);
        }
        let mut rest = value;
        while let Some(percent) = rest.find('%') {
            self.append(&rest[..percent])?;
            rest = self.expand_percent(&rest[percent + 1..], depth)?;
        }
        self.append(rest)
    }

    /// Handles what follows a `%`, and returns what follows that.
    fn expand_percent<'v>(&mut self, after: &'v str, depth: usize) -> Result<&'v str, CfgProblem> {
        if let Some(rest) = after.strip_prefix('%') {
            self.append("%")?;
            return Ok(rest);
        }
        let inside = after
            .strip_prefix('(')
            .ok_or(CfgProblem::BadInterpolation)?;
        let (name, after_name) = inside.split_once(')').ok_or(CfgProblem::BadInterpolation)?;
        let rest = after_name
            .strip_prefix('s')
            .ok_or(CfgProblem::BadInterpolation)?;
        if name.is_empty() {
            return Err(CfgProblem::BadInterpolation);
        }
        self.references += 1;
        if self.references > MOST_REFERENCES {
            return Err(CfgProblem::TooLarge);
        }
        let referred = self.file.raw(self.options, name);
        let value = &referred.ok_or(CfgProblem::MissingReference)?.value;
        self.expand(value.expose(), depth + 1)?;
        Ok(rest)
    }

    fn append(&mut self, text: &str) -> Result<(), CfgProblem> {
        if self.text.len() + text.len() > LARGEST_VALUE {
            return Err(CfgProblem::TooLarge);
        }
        self.text.push_str(text);
        Ok(())
    }
}

#[cfg(test)]
mod tests;

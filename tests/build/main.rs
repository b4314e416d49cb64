//! How the program is built: what it links, which floor of the source imports what, and how long files and functions are.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod dependencies;
mod floors;
mod imports;
mod sizes;
mod source;
mod tokens;

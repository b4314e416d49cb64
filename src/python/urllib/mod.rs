//! `urllib.parse`: percent-encoding, query strings and `urlsplit` (CPython 3.11.7); in [`request`] the environment's proxies.
//!
//! The surprising rule: `urlsplit` is no RFC 3986 parser. It drops tabs and line breaks wherever they stand, and takes a
//! text without a valid scheme for a bare path.

mod quote;
pub mod request;
mod split;
#[cfg(test)]
mod tests;

pub use quote::{parse_qsl, quote, quote_plus, unquote, urlencode};
pub use split::{SplitError, SplitResult, urlsplit};

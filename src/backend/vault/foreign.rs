//! An answer that Vault does not give: what of it may be shown to the person who has to find out who gave it.

use std::fmt;

/// An answer that Vault does not give.
#[derive(Clone, Debug)]
pub struct ForeignAnswer {
    /// The address that was asked, without user and query.
    pub url: String,
    /// The address of the same server that it led to, if it redirects.
    pub redirected_to: Option<String>,
    /// Scheme, host and port of the proxy on the way.
    pub proxy: Option<String>,
    /// The HTTP status.
    pub status: u16,
    /// The media type.
    pub media_type: Option<String>,
    /// Whether the address in the settings ends in the `/v1` that Airflow adds itself.
    pub ends_in_v1: bool,
}

impl fmt::Display for ForeignAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the answer to {}", self.url)?;
        if let Some(proxy) = &self.proxy {
            write!(f, ", through the proxy {proxy}")?;
        }
        if let Some(target) = &self.redirected_to {
            write!(f, ", which redirects to {target}")?;
        }
        write!(f, ", of status {}", self.status)?;
        if let Some(media_type) = &self.media_type {
            write!(f, " and type {media_type}")?;
        }
        f.write_str(", is not Vault's")
    }
}

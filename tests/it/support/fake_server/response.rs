//! A response, and the ways in which it can reach the client or fail to.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// What a handler answers.
#[derive(Clone)]
pub struct Response {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    delivery: Delivery,
}

#[derive(Clone, Copy)]
enum Delivery {
    /// All of it, and the connection stays open.
    Whole,
    /// Byte by byte, with a pause after each.
    Dripping(Duration),
    /// This much of head and body together, then the connection is closed.
    CutAfter(usize),
    /// The body alone, without a head, then the connection is closed.
    Bare,
    /// The body, then filler for as long as the client takes it.
    Endless,
    /// Nothing, until the server stops.
    Never,
}

impl Response {
    /// A response of any media type.
    pub fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![("Content-Type".to_owned(), content_type.to_owned())];
        Self {
            status,
            headers,
            body: body.into(),
            delivery: Delivery::Whole,
        }
    }

    /// A JSON response.
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        Self::new(status, "application/json", body.to_string())
    }

    /// A plain text response.
    pub fn text(status: u16, body: &str) -> Self {
        Self::new(status, "text/plain", body)
    }

    /// A web page, as a proxy or a login portal answers in a service's place.
    pub fn html(status: u16) -> Self {
        Self::new(
            status,
            "text/html",
            "<!DOCTYPE html><title>Sign in</title><p>Please sign in",
        )
    }

    /// A redirect that keeps the method.
    pub fn redirect(location: &str) -> Self {
        Self::text(307, "").header("Location", location)
    }

    /// No answer at all; the connection stays open.
    pub fn hang() -> Self {
        Self {
            delivery: Delivery::Never,
            ..Self::text(200, "")
        }
    }

    /// Bytes that are no HTTP response.
    pub fn garbage(bytes: &[u8]) -> Self {
        Self {
            delivery: Delivery::Bare,
            ..Self::new(200, "", bytes)
        }
    }

    /// A body that starts with `start` and has no end.
    pub fn endless(start: &str) -> Self {
        Self {
            delivery: Delivery::Endless,
            ..Self::new(200, "application/json", start)
        }
    }

    /// Adds a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same response, sent byte by byte.
    pub fn dripping(self, pause: Duration) -> Self {
        Self {
            delivery: Delivery::Dripping(pause),
            ..self
        }
    }

    /// The same response, of which only the first bytes arrive; with 0 none do.
    pub fn cut_after(self, bytes: usize) -> Self {
        Self {
            delivery: Delivery::CutAfter(bytes),
            ..self
        }
    }

    /// Sends it; whether the connection can take another request.
    pub(super) fn send(
        &self,
        connection: &mut impl Write,
        stopping: &AtomicBool,
    ) -> io::Result<bool> {
        match self.delivery {
            Delivery::Whole => connection.write_all(&self.bytes())?,
            Delivery::Dripping(pause) => drip(connection, &self.bytes(), pause)?,
            Delivery::CutAfter(length) => connection.write_all(&self.bytes()[..length])?,
            Delivery::Bare => connection.write_all(&self.body)?,
            Delivery::Endless => self.send_without_end(connection)?,
            Delivery::Never => wait_for(stopping),
        }
        connection.flush()?;
        Ok(matches!(
            self.delivery,
            Delivery::Whole | Delivery::Dripping(_)
        ))
    }

    fn bytes(&self) -> Vec<u8> {
        [self.head(self.body.len()), self.body.clone()].concat()
    }

    fn head(&self, length: usize) -> Vec<u8> {
        let headers: String = self
            .headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect();
        format!(
            "HTTP/1.1 {} \r\n{headers}Content-Length: {length}\r\n\r\n",
            self.status
        )
        .into_bytes()
    }

    fn send_without_end(&self, connection: &mut impl Write) -> io::Result<()> {
        let filler = [b'x'; 65_536];
        connection.write_all(&self.head(usize::MAX / 2))?;
        connection.write_all(&self.body)?;
        loop {
            connection.write_all(&filler)?;
        }
    }
}

fn drip(connection: &mut impl Write, bytes: &[u8], pause: Duration) -> io::Result<()> {
    for byte in bytes {
        connection.write_all(std::slice::from_ref(byte))?;
        connection.flush()?;
        std::thread::sleep(pause);
    }
    Ok(())
}

fn wait_for(flag: &AtomicBool) {
    while !flag.load(Ordering::SeqCst) {
        std::thread::sleep(Duration::from_millis(5));
    }
}

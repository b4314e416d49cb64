//! A request as it came over the wire: nothing decoded, nothing reordered.

use std::io::{self, BufRead, Read};

/// One HTTP/1.1 request.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    /// The path and the query, exactly as sent.
    pub target: String,
    /// Names and values in the order they were sent.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    /// Reads the next request; none when the client closed the connection between two.
    pub(super) fn read(connection: &mut impl BufRead) -> io::Result<Option<Self>> {
        let Some(first_line) = read_line(connection)? else {
            return Ok(None);
        };
        // The random bytes of a TLS greeting may hold blanks and line ends too.
        let line = first_line.strip_suffix(" HTTP/1.1");
        let Some((method, target)) = line.and_then(|line| line.split_once(' ')) else {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "no request line",
            ));
        };
        let (method, target) = (method.to_owned(), target.to_owned());
        let mut request = Self {
            method,
            target,
            headers: Vec::new(),
            body: Vec::new(),
        };
        request.read_headers(connection)?;
        request.read_body(connection)?;
        Ok(Some(request))
    }

    fn read_headers(&mut self, connection: &mut impl BufRead) -> io::Result<()> {
        while let Some(line) = read_line(connection)?.filter(|line| !line.is_empty()) {
            let (name, value) = line
                .split_once(':')
                .ok_or_else(|| io::Error::other("no header"))?;
            self.headers
                .push((name.to_owned(), value.trim_matches([' ', '\t']).to_owned()));
        }
        Ok(())
    }

    fn read_body(&mut self, connection: &mut impl Read) -> io::Result<()> {
        assert_eq!(
            self.header("transfer-encoding"),
            None,
            "this server reads no chunked body"
        );
        let length = self
            .header("content-length")
            .map_or(0, |length| length.parse().expect("a length"));
        self.body = vec![0; length];
        connection.read_exact(&mut self.body)
    }

    /// The value of the first header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The target up to the query.
    pub fn path(&self) -> &str {
        self.target
            .split_once('?')
            .map_or(&self.target, |(path, _)| path)
    }

    /// The body as JSON; `null` when there is none.
    pub fn json(&self) -> serde_json::Value {
        match self.body.as_slice() {
            [] => serde_json::Value::Null,
            body => serde_json::from_slice(body).expect("a JSON body"),
        }
    }
}

/// One line, each byte as the character of that number (Latin-1), so that every byte can be asserted.
fn read_line(connection: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    let length = connection.read_until(b'\n', &mut line)?;
    let line: String = line.into_iter().map(char::from).collect();
    Ok((length > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned()))
}

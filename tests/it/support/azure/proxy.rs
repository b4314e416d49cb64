//! An HTTP proxy that leads every name to the servers of one test: `CONNECT` to the one with TLS, all else to the plain one.
//!
//! With it Azure's own host names are used to the letter, and no request leaves 127.0.0.1.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// A running proxy; dropping it stops it.
pub struct Proxy {
    address: SocketAddr,
    stopping: Arc<AtomicBool>,
}

impl Proxy {
    /// A proxy to the servers at these ports.
    pub fn start(tls: u16, plain: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let stopping = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stopping);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                // A connection that breaks is one that somebody closed.
                thread::spawn(move || serve(client, tls, plain));
            }
        });
        Self { address, stopping }
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
    }
}

fn serve(mut client: TcpStream, tls: u16, plain: u16) -> io::Result<()> {
    let head = read_head(&mut client)?;
    let mut server = if head.starts_with(b"CONNECT ") {
        client.write_all(b"HTTP/1.1 200 \r\n\r\n")?;
        TcpStream::connect((Ipv4Addr::LOCALHOST, tls))?
    } else {
        let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, plain))?;
        server.write_all(&head)?;
        server
    };
    let (mut from_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
    thread::spawn(move || {
        let _ = io::copy(&mut from_client, &mut to_server);
        let _ = to_server.shutdown(Shutdown::Write);
    });
    io::copy(&mut server, &mut client)?;
    client.shutdown(Shutdown::Both)
}

fn read_head(client: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        client.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    Ok(head)
}

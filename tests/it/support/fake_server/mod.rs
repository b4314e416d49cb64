//! A fake HTTP/1.1 server on a free port of 127.0.0.1, for what no real server does when a test asks: fail, stall, lie.
//!
//! A handler turns each request into a response. Every request is kept, in order. A request that the handler does not know
//! (it returns `None`), or a check that fails inside the handler, fails the test when the server is dropped.

mod request;
mod response;

use std::collections::VecDeque;
use std::io::{self, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

pub use request::Request;
pub use response::Response;

/// The answer to what is not HTTP.
const NOT_HTTP: &[u8] =
    b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

type Handler = dyn Fn(&Request) -> Option<Response> + Send + Sync;

/// A running server; dropping it stops it.
pub struct FakeServer {
    address: SocketAddr,
    scheme: &'static str,
    state: Arc<State>,
    acceptor: Option<JoinHandle<()>>,
}

struct State {
    handler: Box<Handler>,
    requests: Mutex<Vec<Request>>,
    faults: Mutex<Vec<String>>,
    connections: Mutex<Vec<TcpStream>>,
    stopping: AtomicBool,
}

impl FakeServer {
    /// Serves HTTP.
    pub fn start(handler: impl Fn(&Request) -> Option<Response> + Send + Sync + 'static) -> Self {
        Self::start_with("http", handler, |state, connection| {
            serve(state, connection)
        })
    }

    /// Serves HTTPS.
    pub fn start_tls(
        config: ServerConfig,
        handler: impl Fn(&Request) -> Option<Response> + Send + Sync + 'static,
    ) -> Self {
        let config = Arc::new(config);
        Self::start_with("https", handler, move |state, connection| {
            let tls = ServerConnection::new(Arc::clone(&config)).map_err(io::Error::other)?;
            serve(state, StreamOwned::new(tls, connection))
        })
    }

    fn start_with(
        scheme: &'static str,
        handler: impl Fn(&Request) -> Option<Response> + Send + Sync + 'static,
        serve: impl Fn(&State, TcpStream) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener
            .local_addr()
            .expect("a bound socket has an address");
        let state = Arc::new(State {
            handler: Box::new(handler),
            requests: Mutex::default(),
            faults: Mutex::default(),
            connections: Mutex::default(),
            stopping: AtomicBool::new(false),
        });
        let shared = Arc::clone(&state);
        let acceptor = std::thread::spawn(move || accept(&listener, &shared, Arc::new(serve)));
        Self {
            address,
            scheme,
            state,
            acceptor: Some(acceptor),
        }
    }

    /// Where it listens, such as `http://127.0.0.1:40123`.
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Every request so far, in the order they came.
    pub fn requests(&self) -> Vec<Request> {
        lock(&self.state.requests).clone()
    }

    /// What every request so far asked for: path and query.
    pub fn targets(&self) -> Vec<String> {
        let requests = lock(&self.state.requests);
        let targets = requests.iter().map(|request| request.target.clone());
        targets.collect()
    }
}

/// A handler that gives one response after another, and knows no request after the last.
pub fn in_turn(
    responses: impl IntoIterator<Item = Response>,
) -> impl Fn(&Request) -> Option<Response> {
    let responses: Mutex<VecDeque<Response>> = Mutex::new(responses.into_iter().collect());
    move |_| lock(&responses).pop_front()
}

fn accept<S>(listener: &TcpListener, state: &Arc<State>, serve: Arc<S>)
where
    S: Fn(&State, TcpStream) -> io::Result<()> + Send + Sync + 'static,
{
    for connection in listener.incoming() {
        if state.stopping.load(Ordering::SeqCst) {
            return;
        }
        let connection = connection.expect("a connection can be accepted");
        let clone = || connection.try_clone().expect("a socket can be cloned");
        lock(&state.connections).push(clone());
        let (state, serve, to_close) = (Arc::clone(state), Arc::clone(&serve), clone());
        std::thread::spawn(move || {
            // An I/O error is a client that went away, which every client may do.
            let _ = serve(&state, connection);
            // The clones keep the socket open otherwise.
            let _ = to_close.shutdown(Shutdown::Both);
        });
    }
}

fn serve(state: &State, connection: impl Read + Write) -> io::Result<()> {
    let mut connection = BufReader::new(connection);
    loop {
        let request = match Request::read(&mut connection) {
            // As other servers do, for one who speaks TLS to a plain port.
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                connection.get_mut().write_all(NOT_HTTP)?;
                return connection.get_mut().flush();
            }
            request => request?,
        };
        let Some(request) = request else { break };
        let response = state.respond(request);
        let reusable = response.send(connection.get_mut(), &state.stopping)?;
        if !reusable {
            break;
        }
    }
    Ok(())
}

impl State {
    fn respond(&self, request: Request) -> Response {
        let name = format!("{} {}", request.method, request.target);
        let response = catch_unwind(AssertUnwindSafe(|| (self.handler)(&request)));
        lock(&self.requests).push(request);
        response.ok().flatten().unwrap_or_else(|| {
            lock(&self.faults).push(name);
            Response::text(599, "the test does not expect this request")
        })
    }
}

impl Drop for FakeServer {
    fn drop(&mut self) {
        self.state.stopping.store(true, Ordering::SeqCst);
        // Wakes the acceptor, which looks at `stopping` for every connection.
        let _ = TcpStream::connect(self.address);
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
        for connection in lock(&self.state.connections).drain(..) {
            let _ = connection.shutdown(Shutdown::Both);
        }
        let faults = lock(&self.state.faults);
        if !std::thread::panicking() {
            assert!(
                faults.is_empty(),
                "requests the handler does not know or found fault with: {faults:?}"
            );
        }
    }
}

/// A lock whose holder panicked still holds what was recorded.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

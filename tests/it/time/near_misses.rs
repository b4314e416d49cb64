//! Services that answer the lookup itself and nothing after it: what was found out is told, in time, without the rest.

use std::sync::atomic::{AtomicBool, Ordering};

use super::ends_in_time;
use crate::contract::{BACKENDS, BackendUnderTest, Credential};
use crate::support::fake_server::{FakeServer, Response};

/// A service that gives this answer to the read, and whatever is needed before it; nothing else is answered from then on.
fn silent_after(backend: &BackendUnderTest, answer: Response) -> FakeServer {
    let (is_read, explanation) = (backend.is_read, backend.explanation);
    let has_answered = AtomicBool::new(false);
    (backend.start)(Box::new(move |request| {
        if is_read(request) {
            has_answered.store(true, Ordering::SeqCst);
            Some(answer.clone())
        } else if has_answered.load(Ordering::SeqCst) {
            Some(Response::hang())
        } else {
            explanation(request, Credential::Good)
        }
    }))
}

fn check(answer: fn(&BackendUnderTest) -> Response, codes: &[i32]) {
    std::thread::scope(|scope| {
        for backend in BACKENDS {
            scope.spawn(move || {
                let server = silent_after(backend, answer(backend));
                let output =
                    ends_in_time(backend.run_at(&server.url(), &(backend.kwargs)(&server.url())));
                let code = output.code.unwrap_or(-1);
                assert!(codes.contains(&code), "{}: {output}", backend.class);
                let asks_on = codes.contains(&3);
                assert!(
                    !asks_on || server.requests().len() > 1,
                    "it asks nothing more: {output}"
                );
            });
        }
    });
}

#[test]
fn after_an_absent_secret() {
    check(|backend| (backend.absent)(), &[3]);
}

#[test]
fn after_a_refusal() {
    check(|backend| (backend.failure)(403), &[4, 5]);
}

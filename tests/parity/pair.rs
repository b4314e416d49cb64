//! One case through both programs, each with a fresh home directory and a fresh server.

use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::case::{Case, Places};
use super::observed::Observed;
use super::oracle::Oracle;
use super::ours;
use super::program;
use super::server::{CA_FILE, Running, ca_certificate};

/// What Airflow does with a case.
pub fn airflow(oracle: &mut Oracle, case: &Case) -> Observed {
    run(case, |places| oracle.observe(case, places))
}

/// What secretctl does with a case.
pub fn secretctl(runtime: &Runtime, case: &Case) -> Observed {
    run(case, |places| ours::observe(runtime, case, places))
}

/// What the program itself does otherwise than Airflow did.
pub fn fault_of_program(case: &Case, airflow: &Observed) -> Option<String> {
    in_fresh_places(case, |places, _| program::fault(case, places, airflow))
}

fn run(case: &Case, observe: impl FnOnce(&Places<'_>) -> Observed) -> Observed {
    in_fresh_places(case, |places, server| {
        let observed = observe(places);
        let requests = server.requests();
        Observed {
            requests: requests
                .iter()
                .map(|request| places.mask(request))
                .collect(),
            ..observed
        }
    })
}

/// Gives `act` a home directory with the case's files, and the case's server.
fn in_fresh_places<R>(case: &Case, act: impl FnOnce(&Places<'_>, &Running) -> R) -> R {
    let home = TempDir::new().expect("a temporary home");
    let server = Running::start(case);
    let address = server.address();
    let places = Places {
        home: home.path(),
        server: &address,
    };
    if address.starts_with("https") {
        std::fs::write(home.path().join(CA_FILE), ca_certificate()).expect("the CA file");
    }
    for (name, content) in &case.files {
        std::fs::write(home.path().join(name), places.fill_in(content)).expect("a file of a case");
    }
    act(&places, &server)
}

//! One case through both programs, each with a fresh home directory and a fresh server.

use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::case::{Case, Places};
use super::observed::Observed;
use super::oracle::Oracle;
use super::ours;
use super::server::{CA_FILE, Running, ca_certificate};

/// What Airflow does with a case.
pub fn airflow(oracle: &mut Oracle, case: &Case) -> Observed {
    run(case, |places| oracle.observe(case, places))
}

/// What secretctl does with a case.
pub fn secretctl(runtime: &Runtime, case: &Case) -> Observed {
    run(case, |places| ours::observe(runtime, case, places))
}

fn run(case: &Case, observe: impl FnOnce(&Places<'_>) -> Observed) -> Observed {
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
    let mut observed = observe(&places);
    let requests = server.requests();
    observed.requests = requests
        .iter()
        .map(|request| places.mask(request))
        .collect();
    observed
}

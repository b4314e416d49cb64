//! Python's own rules, where Airflow's behaviour rests on them: how `json`, `urllib.parse`, `shlex`, `configparser`,
//! PyYAML and `str` read and write text. Each file names the Python module it mirrors (CPython 3.11.7).

pub mod json;

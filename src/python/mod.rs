//! Python's own rules, where Airflow's behaviour rests on them: how `json`, `urllib.parse`, `shlex`, PyYAML and `str` read and
//! write text. Each file names the Python module it mirrors (CPython 3.11.7).

pub mod json;
pub mod number;
pub mod re;
pub mod shlex;
pub mod socket;
pub mod text;
pub mod urllib;
mod value;
pub mod yaml;

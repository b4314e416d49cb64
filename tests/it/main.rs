//! The program as its users run it, against servers of the tests' own: a file or folder for each subject.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod airflow_version;
mod aws;
mod azure;
mod bad_input;
mod commands;
mod connections;
mod contract;
mod core_dump;
mod demo;
mod differences;
mod google;
mod harness;
mod kubernetes;
mod library;
mod lockbox;
mod mistakes;
mod outages;
mod pages;
mod sessions;
mod startup;
mod support;
mod time;
mod untrusted_settings;
mod vault;

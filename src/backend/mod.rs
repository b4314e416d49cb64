//! Secrets backends.

pub mod class_path;

//! A connection that is an object of YAML (`_create_connection` of Airflow 3.3.2).
//!
//! The surprising rule: Airflow writes into the object itself, the id as `conn_id` and `extra_dejson` as `extra`, and whatever
//! is an alias of it has them from then on.

use super::connections::{Built, dumped, of_fields};
use super::error::EntryProblem;
use crate::airflow_version::AirflowVersion;
use crate::backend::Secret;
use crate::connection::ConnectionError;
use crate::python::json::{Dict, Value};
use crate::python::yaml::{Document, ObjectId, Problem, YamlError};

/// The connection of the object under a key, which is written into.
///
/// # Errors
/// Airflow cannot build it.
pub(super) fn build(
    document: &mut Document,
    key: ObjectId,
    object: ObjectId,
    version: AirflowVersion,
) -> Result<Built, EntryProblem> {
    let extra = document.member(object, "extra");
    let mut alike = None;
    if let Some(extra_dejson) = document.member(object, "extra_dejson") {
        if extra.is_some() {
            return Err(EntryProblem::BothExtras);
        }
        let (extra, keys) = document
            .dumped(extra_dejson)
            .map_err(EntryProblem::ExtraNotDumped)?;
        alike = keys;
        document.insert_text(object, "extra", dumped(&extra)?.into());
        document.remove(object, "extra_dejson");
    }
    if let Some(conn_id) = document.member(object, "conn_id")
        && !document.are_equal(key, conn_id)
    {
        return Err(EntryProblem::ConnIdMismatch);
    }
    document.insert(object, "conn_id", key);
    let fields = fields(document, object, alike)?;
    let mut built = of_fields(fields.values, version)?;
    built.refusal = fields.refusal.map(EntryProblem::from);
    built.description = fields.description;
    Ok(built)
}

/// Reads the description of a connection once Airflow has written into every object.
pub(super) fn read_description(document: &Document, built: &mut Built) {
    let Some(description) = built.description else {
        return;
    };
    match (document.printed(description), &mut built.secret) {
        (Ok(value), Secret::ConnectionFields(fields)) => {
            fields.insert("description".to_owned(), value);
        }
        (Ok(_), _) => {}
        (Err(error), _) => built.refusal = Some(error.into()),
    }
}

/// The arguments of the constructor.
#[derive(Default)]
struct Fields {
    values: Dict,
    /// What of them has no form here, though Airflow holds it.
    refusal: Option<YamlError>,
    description: Option<ObjectId>,
}

fn fields(
    document: &Document,
    object: ObjectId,
    alike: Option<YamlError>,
) -> Result<Fields, EntryProblem> {
    let mut fields = Fields {
        refusal: alike,
        ..Fields::default()
    };
    for (name, id) in document.members(object).unwrap_or_default() {
        let Some(name) = name else {
            return Err(ConnectionError::UnknownKey { key: None }.into());
        };
        match name {
            "conn_id" => {}
            "extra" => {
                let (value, alike) = document.dumped(id).map_err(EntryProblem::ExtraNotDumped)?;
                fields.values.insert(name.to_owned(), value);
                fields.refusal = fields.refusal.or(alike);
            }
            name => {
                let value = match document.printed(id) {
                    Ok(value) => value,
                    Err(error) if error.problem == Problem::AllTooLarge => {
                        return Err(error.into());
                    }
                    Err(error) => {
                        fields.refusal.get_or_insert(error);
                        unknown()
                    }
                };
                fields.values.insert(name.to_owned(), value);
            }
        }
    }
    let description = document.member(object, "description");
    fields.description = description.filter(|id| document.is_collection(*id));
    Ok(fields)
}

/// What stands for an object that has no form here: it is neither text nor false.
fn unknown() -> Value {
    Value::List(vec![Value::None])
}

"""What a release makes of a connection's text, on the server and in a task: of no file alone, `connection_vectors` and `connection_releases` ask it."""

from __future__ import annotations

import logging
import os
from typing import Any, Callable

CONN_ID = "test_conn"
FIELDS = ["conn_id", "conn_type", "description", "host", "login", "password", "schema", "port"]


def observe(case: dict[str, str]) -> dict[str, Any]:
    """Of `{"process": "server"|"worker", "text": ...}`: the connection's fields, with `NAME_error` in the place of what raised, and `error`."""
    os.environ[f"AIRFLOW_CONN_{CONN_ID.upper()}"] = case["text"]
    backends = backends_of_a_task() if case["process"] == "worker" else backends_of_the_server()
    backend = next(backend for backend in backends if type(backend).__name__ == "EnvironmentVariablesBackend")
    try:
        connection = backend.get_connection(conn_id=CONN_ID)
    except Exception as failure:
        return {"error": told(failure)}
    return {**fields(connection), "error": None}


def backends_of_the_server() -> list[Any]:
    from airflow.configuration import ensure_secrets_loaded

    return ensure_secrets_loaded()


def backends_of_a_task() -> list[Any]:
    """Those of a process that has a supervisor, which is how Airflow knows a task from 3.1 on."""
    from airflow.sdk.execution_time import supervisor, task_runner

    task_runner.SUPERVISOR_COMMS = Supervisor()
    return supervisor.ensure_secrets_backend_loaded()


class Supervisor:
    """It is told what to mask in logs, and asked nothing."""

    def send(self, message: Any) -> None:
        assert type(message).__name__ == "MaskSecret", message


def fields(connection: Any) -> dict[str, Any]:
    values = {name: getattr(connection, name) for name in FIELDS}
    values["extra_raw"] = connection.extra
    values |= value_or_error("extra", lambda: connection.extra_dejson)
    values |= value_or_error("get_uri", connection.get_uri)
    if hasattr(connection, "as_json"):
        values |= value_or_error("as_json", connection.as_json)
    return values


def value_or_error(name: str, act: Callable[[], Any]) -> dict[str, Any]:
    try:
        return {name: act()}
    except Exception as failure:
        return {f"{name}_error": told(failure)}


def told(failure: Exception) -> str:
    return f"{type(failure).__name__}: {failure}"


def have_a_masker() -> None:
    """Airflow 2 looks for the masker of its logs among the filters that its logging configuration sets up, which is left out."""
    from airflow.utils.log.secrets_masker import SecretsMasker

    logging.getLogger("airflow.task").addFilter(SecretsMasker())


def prepare() -> None:
    import airflow.configuration
    import airflow.models.connection
    import airflow.secrets.environment_variables  # noqa: F401

    if airflow.__version__.startswith("2."):
        have_a_masker()
    else:
        import airflow.sdk.execution_time.supervisor  # noqa: F401

    # The first connection of a process sets up the models of the database, which takes longer than reading it.
    from airflow.models.connection import Connection

    Connection(conn_id="warm", uri="x://h")

"""`connection-vectors.json`: connections as the server of Airflow 3.3.2 reads them, with what a task of it and Airflow 2.11.2 read otherwise.

The columns are named after the versions that they were recorded from, here as there.
"""

from __future__ import annotations

import json
from typing import Any

import connections
from common import ask, indented
from installations import RELEASE

FILE = "connection-vectors.json"
FIELDS = ["conn_id", "conn_type", "description", "host", "login", "password", "port", "schema", "extra_raw", "extra", "get_uri", "as_json"]
SDK, AIRFLOW_2 = "sdk_1_3_2", "airflow_2_11_2"


def record(text: str) -> str:
    document = json.loads(text)
    inputs = [vector["input"] for vector in document["vectors"]]
    numbers = [vector["n"] for vector in document["vectors"]]

    def column(release: str, process: str) -> list[dict[str, Any]]:
        return [ordered(found) for found in ask(release, connections.observe, [{"process": process, "text": input} for input in inputs])]

    columns = zip(numbers, inputs, column(RELEASE, "server"), column(RELEASE, "worker"), column("2.11.2", "server"))
    vectors = [vector(number, input, server, {SDK: worker, AIRFLOW_2: airflow_2}) for number, input, server, worker, airflow_2 in columns]
    return indented({**document, "vectors": vectors}, text)


def ordered(found: dict[str, Any]) -> dict[str, Any]:
    """In the order of the file, an error in the place of its field."""
    names = [name if name in found else f"{name}_error" for name in FIELDS]
    return {name: found[name] for name in [*names, "error"] if name in found}


def vector(number: int, input: str, server: dict[str, Any], others: dict[str, dict[str, Any]]) -> dict[str, Any]:
    resolves = server["error"] is None and "get_uri_error" not in server
    kind = "json" if input.strip().startswith("{") else "uri"
    made = {"n": number, "input": input, "kind": kind, **server, "resolves": resolves}
    for name, other in others.items():
        differs = {field: value for field, value in other.items() if field not in server or json.dumps(value) != json.dumps(server[field])}
        absent = [field for field in server if field not in other]
        made |= {f"{name}_differs": differs} if differs else {}
        made |= {f"{name}_absent": absent} if absent else {}
    return made

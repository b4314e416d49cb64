"""`connection_releases.json`: connections as each release from 2.11 to 3.3 reads them, on the server and in a task."""

from __future__ import annotations

import json
from typing import Any

import connections
from common import ask

FILE = "connection_releases.json"
COLUMNS = {
    "2.11 server": "2.11.2",
    "3.0 server": "3.0.6",
    "3.0 worker": "3.0.6",
    "3.1 server": "3.1.8",
    "3.1 worker": "3.1.8",
    "3.2 server": "3.2.2",
    "3.2 worker": "3.2.2",
    "3.3 server": "3.3.2",
    "3.3 worker": "3.3.2",
}


def record(text: str) -> str:
    document = json.loads(text)
    inputs = [record["input"] for record in document["records"]]
    found: dict[str, list[dict[str, Any]]] = {}
    for column, release in COLUMNS.items():
        process = column.split()[1]
        found[column] = ask(release, connections.observe, [{"process": process, "text": input} for input in inputs])
    records = [(input, outcomes({column: found[column][number] for column in COLUMNS})) for number, input in enumerate(inputs)]
    return formatted(document["about"], records)


def outcomes(found: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Each outcome with the columns that have it, in their order."""
    made: dict[str, dict[str, Any]] = {}
    for column, one in found.items():
        one = shown(one)
        made.setdefault(json.dumps(one), {"in": [], "found": one})["in"].append(column)
    return list(made.values())


def shown(found: dict[str, Any]) -> dict[str, Any]:
    """Without `as_json`; of errors the class alone."""
    names = {"get_uri_error": "uri_error"}
    return {
        names.get(name, name): value.split(":")[0] if name.endswith("error") and value is not None else value
        for name, value in found.items()
        if not name.startswith("as_json")
    }


def formatted(about: str, records: list[tuple[str, list[dict[str, Any]]]]) -> str:
    """A line for each outcome."""

    def dumps(value: Any) -> str:
        return json.dumps(value, ensure_ascii=False)

    rows = []
    for input, made in records:
        lines = ",\n".join("    " + dumps(outcome) for outcome in made)
        rows.append(f'  {{"input": {dumps(input)}, "outcomes": [\n{lines}\n  ]}}')
    return f'{{\n "about": {dumps(about)},\n "records": [\n' + ",\n".join(rows) + "\n ]\n}\n"

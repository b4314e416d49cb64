"""What a release's `LocalFilesystemBackend` answers: of no file alone, `local_filesystem` and `local_filesystem_releases` ask it."""

from __future__ import annotations

import os
import tempfile
from typing import Any

import connections
from values import NoJsonForm, is_date, with_texts

LOOKUP = ["kind", "file", "content", "id"]
FIELDS = [*connections.FIELDS, "extra"]
KWARGS = {"connection": "connections_file_path", "variable": "variables_file_path", "config": "configs_file_path"}

prepare = connections.prepare


def observe(lookups: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of `{"kind": ..., "file": name, "content": ..., "id": ...}` what is found, with its types, or `absent`, or the class of what is raised."""
    return [look_up(lookup) for lookup in lookups]


def look_up(lookup: dict[str, Any]) -> dict[str, Any]:
    from airflow.secrets.local_filesystem import LocalFilesystemBackend

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, lookup["file"])
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8", newline="") as file:
            file.write(lookup["content"])
        try:
            backend = LocalFilesystemBackend(**{KWARGS[lookup["kind"]]: path})
            found = getattr(backend, f"get_{lookup['kind']}")(lookup["id"])
        except Exception as failure:
            return {"error": type(failure).__name__}
    if found is None:
        return {"absent": True}
    return connection(found) if lookup["kind"] == "connection" else {"value": typed(found)}


def connection(found: Any) -> dict[str, Any]:
    told: dict[str, Any] = {}
    uri = None
    try:
        uri = found.get_uri()
    except Exception as failure:
        told["uri_error"] = type(failure).__name__
    return {**told, "connection": {name: typed(getattr(found, name)) for name in FIELDS}, "uri": uri}


def typed(value: Any) -> dict[str, Any]:
    """A value with its type; what has no JSON form, at whatever depth, as Python shows it."""
    try:
        return with_types(value)
    except (NoJsonForm, RecursionError):
        return {"type": type(value).__name__, "repr": shown(value)}


def shown(value: Any) -> str:
    """`repr`, with a set's items in their order."""
    return f"{{{', '.join(sorted(map(repr, value)))}}}" if isinstance(value, set) and value else repr(value)


def with_types(value: Any) -> dict[str, Any]:
    if value is None:
        return {"type": "NoneType"}
    if isinstance(value, (bool, str)):
        return {"type": type(value).__name__, "value": value}
    if isinstance(value, (int, float)):
        return {"type": type(value).__name__, "value": repr(value)}
    if is_date(value):
        return {"type": "date", "value": str(value)}
    if isinstance(value, (list, tuple)):
        return {"type": "list", "value": [with_types(item) for item in value]}
    if isinstance(value, dict):
        return {"type": "dict", "value": [[key, with_types(item)] for key, item in with_texts(value).items()]}
    raise NoJsonForm

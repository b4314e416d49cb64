"""`kubernetes_wire.json`: what `KubernetesSecretsBackend` asks the API server, and what it makes of the secrets it is given.

Each case asks for the variable `hello_World` and finds `w` unless a table here says otherwise. The pod's own token and certificate are at paths that cannot
be written, so `load_incluster_config` is replaced by one that takes the stand-in's address and the token `tok`.
"""

from __future__ import annotations

import base64
import json
import re
from typing import Any

from common import StandIn, answer_json, ask, indented, outcome, settled
from installations import RELEASE

FILE = "kubernetes_wire.json"
HEADERS = ["Accept", "authorization", "Content-Type"]
# The answer's date and its length are in the text of the exception, of which the file has the beginning.
VOLATILE = re.compile(r"'Date': '[^']*'")
EXCEPTION_LENGTH = 200
# The newest that the provider accepts; `tests/parity` has a later one, which sends other headers.
CLIENT = "kubernetes==36.0.3"

KEYS = {"team-like id refused": "_team___x", "special": "a b,c=d/é"}


def secret(**values: str) -> dict[str, Any]:
    return {"metadata": {"name": "s"}, "data": {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}}


FOUND = {
    "conn": [secret(value="mysql://h")],
    "none": [],
    "special": [],
    "multi": [secret(value="1"), secret(value="2")],
    "no key": [secret(other="x")],
    "custom data key/label": [secret(dk="w")],
}
FORBIDDEN = {"kind": "Status", "reason": "Forbidden", "message": "forbidden", "code": 403}


def record(text: str) -> str:
    cases = json.loads(text)
    return indented(settled(ask(RELEASE, observe, cases, CLIENT if RELEASE == "3.3.2" else None), cases, VOLATILE), text)


def prepare() -> None:
    import airflow.providers.cncf.kubernetes.secrets.kubernetes_secrets_backend  # noqa: F401


def observe(case: dict[str, Any]) -> dict[str, Any]:
    from airflow.providers.cncf.kubernetes.secrets import kubernetes_secrets_backend as backend
    from kubernetes.client import Configuration

    name = case["case"]
    forbidden = answer_json(403, FORBIDDEN)
    server = StandIn(lambda _: forbidden if name == "403" else answer_json(200, {"kind": "SecretList", "items": FOUND.get(name, [secret(value="w")])}))

    def load_incluster_config() -> None:
        configuration = Configuration()
        configuration.host = server.url
        configuration.api_key["authorization"] = "bearer tok"
        Configuration.set_default(configuration)

    backend.load_incluster_config = load_incluster_config

    def look_up() -> Any:
        opened = backend.KubernetesSecretsBackend(**case["backend_kwargs"])
        return opened.get_conn_value("smtp_default") if name == "conn" else opened.get_variable(KEYS.get(name, "hello_World"))

    observed = outcome(look_up)
    if "exception" in observed:
        kind, text = observed["exception"].split(": ", 1)
        observed["exception"] = f"{kind}: {text[:EXCEPTION_LENGTH]}"
    requests = [shown(request) for request in server.requests]
    return {"case": name, "backend_kwargs": case["backend_kwargs"], **observed, "requests": requests}


def shown(request: dict[str, Any]) -> dict[str, Any]:
    headers = {name: value for name, value in request["headers"].items() if name in HEADERS}
    return {"method": request["method"], "path": request["path"], "headers": headers}

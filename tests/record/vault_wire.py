"""`vault_wire.json`: what `VaultBackend` sends for each set of kwargs, and what it makes of the answers.

The files that kwargs name, and what the server holds, are the tables here. A case that is in none of them asks for the variable `hello` and finds `world`.
"""

from __future__ import annotations

import base64
import datetime
import json
import os
import types
from typing import Any

from common import HOME, StandIn, answer_json, ask, indented, outcome, replaced
from installations import RELEASE

FILE = "vault_wire.json"

FILES = {"tok": "filetok\n", "jwt": "the.jwt.tok\n"}
# These have a `~/.vault-token`.
WITH_VAULT_TOKEN = ["~/.vault-token only", "approle with ~/.vault-token present"]

IDS = {
    "mount_point None key with slash": "m1/hello",
    "mount_point None key with 2 slashes": "m1/p/hello",
    "mount_point None variables_path ''": "m1/hello",
    "mount_point '' ": "m1/hello",
    "key dotdot": "../x",
}

# What is stored where.
SECRETS = {
    "secret/data/variables/hello": {"value": "world"},
    "secret/variables/hello": {"value": "w1"},
    "airflow/data/variables/hello": {"value": "x"},
    "a/data/variables/hello": {"value": "x"},
    "m1/data/variables/hello": {"value": "x"},
    "m1/data/variables/p/hello": {"value": "x"},
    "m1/data/hello": {"value": "x"},
    "secret/data/hello": {"value": "x"},
    "secret/data/v/hello": {"value": "x"},
    "secret/data/p1/hello": {},
    "secret/data/p2/hello": {"value": "x"},
    "secret/data/common/hello": {"value": "x"},
}
# What is stored in these cases instead.
VARIABLES: dict[str, dict[str, str]] = {"kv2 200 data empty var": {}, "var no value key": {"other": "x"}}
CONNECTIONS: dict[str, dict[str, str]] = {
    "kv2 200 data empty conn": {},
    "conn fields": {"conn_type": "mysql", "host": "h", "port": "3306"},
    "conn_uri empty + fields": {"conn_uri": "", "conn_type": "mysql"},
}
REFUSALS = {
    "400": (400, {"errors": ["bad"]}),
    "429": (429, {"errors": ["rate"]}),
    "500 (retried)": (500, {"errors": ["boom"]}),
    "503 sealed (retried)": (503, {"errors": ["Vault is sealed"]}),
    "504 (not retried)": (504, {"errors": ["x"]}),
    "kv2 deleted (404 + metadata)": (404, {"data": {"data": None, "metadata": {"version": 1, "deletion_time": "2026-11-23T16:16:30Z", "destroyed": False}}}),
}
LOGIN_REFUSALS = {
    "login 403": (403, {"errors": ["permission denied"]}),
    "userpass special username": (404, {"errors": []}),
}


def record(text: str) -> str:
    return indented(ask(RELEASE, observe, json.loads(text)), text)


def prepare() -> None:
    import airflow.providers.hashicorp.secrets.vault  # noqa: F401
    import boto3  # noqa: F401


def observe(case: dict[str, Any]) -> dict[str, Any]:
    from airflow.providers.hashicorp.secrets.vault import VaultBackend

    server = StandIn(lambda request: answer(case["case"], request))
    write_files(case)
    sign_at_the_recorded_time(case)
    os.environ.update({"VAULT_ADDR": server.url, **case["env"]})
    kwargs = replaced(case["backend_kwargs"], {HOME: os.environ["HOME"]})

    def look_up() -> Any:
        backend = VaultBackend(**kwargs)
        if case["case"] in CONNECTIONS:
            return backend.get_conn_value("smtp_default")
        return backend.get_variable(IDS.get(case["case"], "hello"))

    inputs = {name: case[name] for name in ("case", "backend_kwargs", "env")}
    observed = {**outcome(look_up), "requests": server.requests}
    return {**inputs, **replaced(observed, {server.address: "VAULT"})}


def write_files(case: dict[str, Any]) -> None:
    files = {**FILES, ".vault-token": "dottok"} if case["case"] in WITH_VAULT_TOKEN else FILES
    for name, content in files.items():
        with open(name, "w", encoding="utf-8") as file:
            file.write(content)


def sign_at_the_recorded_time(case: dict[str, Any]) -> None:
    """A login by `aws_iam` is signed with the time; that of the recorded login gives the recorded signature."""
    from hvac import aws_utils

    for request in case.get("requests", []):
        if "iam_request_headers" in request["body"]:
            headers = json.loads(base64.b64decode(json.loads(request["body"])["iam_request_headers"]))
            moment = datetime.datetime.strptime(headers["X-Amz-Date"][0], "%Y%m%dT%H%M%SZ")
            clock = types.SimpleNamespace(utcnow=lambda: moment, now=lambda timezone=None: moment)
            aws_utils.datetime = clock


def answer(case: str, request: dict[str, Any]) -> tuple[int, dict[str, str], str]:
    path = request["path"].removeprefix("/v1/")
    if request["method"] == "POST":
        if path.endswith("/config"):
            return answer_json(204, "")
        return answer_json(*LOGIN_REFUSALS.get(case, (200, {"auth": {"client_token": "s.logintoken"}})))
    if case in REFUSALS:
        return answer_json(*REFUSALS[case])
    secrets = {**SECRETS, "secret/data/connections/smtp_default": CONNECTIONS.get(case), "secret/data/variables/hello": VARIABLES.get(case, {"value": "world"})}
    if case == "global_secrets_path":
        del secrets["secret/data/variables/hello"]
    secret = secrets.get(path)
    if secret is None:
        return answer_json(404, {"errors": []})
    data = {"data": secret, "metadata": {"version": 1}} if "/data/" in path else secret
    return answer_json(200, {"data": data})

"""`gcp_wire.json`: the secrets that `CloudSecretManagerBackend` asks for, as which project and with which credentials, and what it makes of the answers.

Its client speaks gRPC to an address that is built in, so the client's method is replaced; credentials are real, and no token is asked for. `<sa json>`
is the service account's key that one case holds as text. Each case asks for the variable `hello` unless a table here says otherwise.
"""

from __future__ import annotations

import json
import os
from typing import Any

from common import HOME, ask, indented, outcome, replaced
from installations import RELEASE

FILE = "gcp_wire.json"
KEY = "<sa json>"

ASKED = {"conn": ("get_conn_value", "smtp_default"), "config": ("get_config", "sql_alchemy_conn"), "key with slash/dot": ("get_variable", "a/b.c")}
SECRETS = {
    "projects/proj-from-key/secrets/airflow-variables-hello": "w",
    "projects/proj-from-key/secrets/airflow-connections-smtp_default": "smtp://h",
    "projects/proj-from-key/secrets/airflow-config-sql_alchemy_conn": "sqlite://",
    "projects/proj-from-key/secrets/-hello": "x",
    "projects/other/secrets/airflow-variables-hello": "o",
}
# These cases are named by the error they are answered with.
REFUSALS = {"NotFound": "no such secret", "PermissionDenied": "no", "InvalidArgument": "bad", "ResourceExhausted": "x"}


def record(text: str) -> str:
    cases = json.loads(text)
    given = [case["backend_kwargs"].get("gcp_keyfile_dict") for case in cases]
    key = next(key for key in given if isinstance(key, str) and key != KEY)
    return indented(ask(RELEASE, observe, [{**case, "key": key} for case in cases]), text)


def prepare() -> None:
    import airflow.providers.google.cloud.secrets.secret_manager  # noqa: F401


def observe(case: dict[str, Any]) -> dict[str, Any]:
    from airflow.providers.google.cloud.secrets.secret_manager import CloudSecretManagerBackend

    with open("key.json", "w", encoding="utf-8") as file:
        file.write(case["key"])
    os.environ.update(case["env"])
    kwargs = replaced(case["backend_kwargs"], {HOME: os.environ["HOME"]})
    if kwargs.get("gcp_keyfile_dict") == KEY:
        kwargs["gcp_keyfile_dict"] = json.loads(case["key"])
    calls = note_calls(case["case"])
    identity: dict[str, Any] = {}

    def look_up() -> Any:
        backend = CloudSecretManagerBackend(**kwargs)
        if hasattr(backend, "project_id"):
            identity["project_id"] = backend.project_id
        if hasattr(backend, "credentials"):
            identity["cred"] = type(backend.credentials).__name__
            identity["scopes"] = list(getattr(backend.credentials, "scopes", None) or [])
        method, id = ASKED.get(case["case"], ("get_variable", "hello"))
        return getattr(backend, method)(id)

    observed = outcome(look_up)
    return {**{name: case[name] for name in ("case", "backend_kwargs", "env")}, **identity, **observed, "calls": calls}


def note_calls(case: str) -> list[str]:
    """The names that will be asked for."""
    from google.api_core import exceptions
    from google.cloud.secretmanager_v1 import AccessSecretVersionResponse, SecretManagerServiceClient

    calls: list[str] = []

    def access_secret_version(_: Any, request: dict[str, str]) -> Any:
        calls.append(request["name"])
        if case in REFUSALS:
            raise getattr(exceptions, case)(REFUSALS[case])
        text = SECRETS.get(request["name"].removesuffix("/versions/latest"))
        if text is None:
            raise exceptions.NotFound("no such secret")
        return AccessSecretVersionResponse({"payload": {"data": b"" if case == "empty payload" else text.encode()}})

    SecretManagerServiceClient.access_secret_version = access_secret_version
    return calls

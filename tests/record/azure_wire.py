"""`azure_wire.json`: what `AzureKeyVaultBackend` sends to the vault, to Entra and to a machine's own identity endpoints, and what it makes of the answers.

The addresses are fixed and need TLS, so requests are taken where `requests` would send them. Each case asks for the variable `hello_world` and finds `w`
unless a table here says otherwise.
"""

from __future__ import annotations

import json
import os
from typing import Any
from urllib.parse import urlsplit

from common import HOME, ask, indented, outcome, replaced
from installations import RELEASE

FILE = "azure_wire.json"
HEADERS = ["Authorization", "Metadata", "X-IDENTITY-HEADER"]

KEYS = {"invalid name (dot)": "hello.world", "invalid name (slash)": "hello/world"}
SECRETS = {"airflow-variables-hello-world": "w", "airflow-variables-hellohelloworld": "x"}
TENANT = "11111111-1111-1111-1111-111111111111"
LOGIN = f"https://login.microsoftonline.com/{TENANT}"
CHALLENGE = {"WWW-Authenticate": f'Bearer authorization="{LOGIN}", resource="https://vault.azure.net"'}
DISCOVERY = {
    "issuer": f"{LOGIN}/v2.0",
    "authorization_endpoint": f"{LOGIN}/oauth2/v2.0/authorize",
    "token_endpoint": f"{LOGIN}/oauth2/v2.0/token",
}
# The machines of these cases have no identity.
WITHOUT_IDENTITY = ["default chain: nothing", "AZURE_TOKEN_CREDENTIALS=prod nothing"]


def record(text: str) -> str:
    return indented(ask(RELEASE, observe, json.loads(text)), text)


def prepare() -> None:
    import airflow.providers.microsoft.azure.secrets.key_vault  # noqa: F401


def observe(case: dict[str, Any]) -> dict[str, Any]:
    from airflow.providers.microsoft.azure.secrets.key_vault import AzureKeyVaultBackend

    with open("fed", "w", encoding="utf-8") as file:
        file.write("fedtoken\n")
    os.environ.update(replaced(case["env"], {HOME: os.environ["HOME"]}))
    requests = note_requests(case["case"])
    observed = outcome(lambda: AzureKeyVaultBackend(**case["backend_kwargs"]).get_variable(KEYS.get(case["case"], "hello_world")))
    if "exception" in observed:  # the texts hold what differs from machine to machine
        observed["exception"] = observed["exception"].split(":")[0]
    return {**{name: case[name] for name in ("case", "backend_kwargs", "env")}, **observed, "requests": requests}


def note_requests(case: str) -> list[dict[str, Any]]:
    """The requests that will be sent."""
    import requests

    noted: list[dict[str, Any]] = []

    def send(_: Any, request: Any, **__: Any) -> Any:
        body = request.body or ""
        body = body.decode() if isinstance(body, bytes) else body
        headers = {name: value for name, value in request.headers.items() if name in HEADERS}
        noted.append({"method": request.method, "url": request.url, "headers": headers, "body": body})
        status, answered, content = answer(case, request.url, request.headers)
        response = requests.Response()
        response.status_code = status
        response.headers = requests.structures.CaseInsensitiveDict({"Content-Type": "application/json", **answered})
        response._content = json.dumps(content).encode()
        response.url, response.request, response.reason = request.url, request, {401: "Unauthorized", 403: "Forbidden"}.get(status, "")
        response.raw = Raw()
        return response

    requests.adapters.HTTPAdapter.send = send
    return noted


class Raw:
    """What azure-core asks of urllib3's response besides the body that `requests` has already read."""

    enforce_content_length = False

    def close(self) -> None:
        pass

    release_conn = close


def answer(case: str, url: str, headers: Any) -> tuple[int, dict[str, str], Any]:
    parts = urlsplit(url)
    if parts.hostname == "login.microsoftonline.com":
        token = {"token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599, "access_token": "AADTOKEN"}
        return 200, {}, DISCOVERY if parts.path.endswith("openid-configuration") else token
    if parts.hostname == "169.254.169.254":
        if "Metadata" not in headers:
            return 400, {}, {"error": "invalid_request", "error_description": "Required metadata header not specified"}
        if case in WITHOUT_IDENTITY:
            return 400, {}, {"error": "invalid_request", "error_description": "Identity not found"}
        return 200, {}, own_token("MITOK")
    if parts.path == "/msi/token":
        return 200, {}, own_token("ASTOK")
    if "Authorization" not in headers:
        return 401, CHALLENGE, {"error": {"code": "Unauthorized", "message": "AKV10000"}}
    if case == "403":
        return 403, {}, {"error": {"code": "Forbidden", "message": "m", "innererror": {"code": "ForbiddenByRbac"}}}
    name = parts.path.split("/")[2]
    if name not in SECRETS:
        return 404, {}, {"error": {"code": "SecretNotFound", "message": "m"}}
    return 200, {}, {"value": SECRETS[name], "id": f"https://{parts.hostname}/secrets/{name}/1", "attributes": {"enabled": True}}


def own_token(token: str) -> dict[str, Any]:
    return {"access_token": token, "expires_in": "3599", "expires_on": "4102444800", "resource": "https://vault.azure.net", "token_type": "Bearer"}

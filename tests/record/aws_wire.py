"""`aws_wire.json`: what the Parameter Store and Secrets Manager backends send for each set of kwargs, and what they make of the answers.

`http://AWS` is the stand-in. Each case asks for the variable `hello` and finds `world` unless a table here says otherwise. Signatures hold the time and the
stand-in's port: they stay as they are in the file while nothing else changes.
"""

from __future__ import annotations

import json
import os
import re
from typing import Any

from common import HOME, StandIn, answer_json, ask, indented, outcome, replaced, settled
from installations import RELEASE

FILE = "aws_wire.json"
HEADERS = ["Host", "X-Amz-Target", "Content-Type", "X-Amz-Security-Token", "Authorization"]
VOLATILE = re.compile(r"/20\d{6}/|Signature=[0-9a-f]{64}|botocore-session-\d+")

FILES = {
    "config": "[default]\nregion = us-east-2\n[profile prod]\nregion = eu-north-1\n",
    "credentials": "[default]\naws_access_key_id = AKDEF\naws_secret_access_key = SKDEF\n[prod]\naws_access_key_id = AKPROD\naws_secret_access_key = SKPROD\n",
    "tok": "webtok",
}
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "AKENV",
    "AWS_SECRET_ACCESS_KEY": "SKENV",
    "AWS_CONFIG_FILE": f"{HOME}/config",
    "AWS_SHARED_CREDENTIALS_FILE": f"{HOME}/credentials",
    # Every other AWS tool reads it; boto3 does not.
    "AWS_REGION": "ap-south-1",
}
MODULES = {"SystemsManagerParameterStoreBackend": "systems_manager", "SecretsManagerBackend": "secrets_manager"}

# What a connection's secret holds. A name that ends in " full" reads it as a connection and not as text.
CONNECTIONS = {
    "conn": "smtp://h",
    "json conn 0": '{"conn_type": "postgres", "host": "h", "login": "u", "password": "p", "port": 5432, "schema": "d", "extra": {"a": 1}}',
    "json conn 1": '{"engine": "mysql", "server": "h", "username": "u", "pass": "p", "extra": "{\\"a\\":1}"}',
    "json conn 3": '{"user": "first", "login": "second", "key": "k1", "password": "k2"}',
    "json conn 4": '{"description": "dropped", "host": "h"}',
    "json conn 5": "{}",
    "json conn 6": "{bad",
    "json conn 7": '  {"host": "h"}\n',
    "json conn 8": '{"uri": "smtp://h"}',
    "json conn 9": '{"conn_type": "x", "port": "abc"}',
    "json conn 10": "[1]",
    "json conn 11": '{"conn_type": "x", "login": 5}',
    "extra_conn_words": '{"usr": "u", "pwd": "p", "hst": "h"}',
    "extra_conn_words bad key": '{"x": 1}',
    "are_secret_values_urlencoded (ignored)": '{"login": "u%40x"}',
}
FIELDS = ["conn_type", "host", "login", "password", "port", "schema", "extra"]
# Where a variable is that is not `world`.
VARIABLES = {
    "hello": "x",
    "/hello": "x",
    "airflow-variables-hello": "x",
}
KEYS = {"key leading slash": "/hello"}
# A case whose name is a code of AWS is refused with that code.
REFUSALS = {"Throttling": (400, "ThrottlingException"), "InternalServiceError": (500, "InternalServiceError")}
ROLE = {
    "AccessKeyId": "ASIAROLE",
    "SecretAccessKey": "SKROLE",
    "SessionToken": "roletoken",
    "Expiration": "2099-01-01T00:00:00Z",
}


def record(text: str) -> str:
    cases = json.loads(text)
    return indented(settled(ask(RELEASE, observe, cases), cases, VOLATILE), text)


def prepare() -> None:
    import airflow.providers.amazon.aws.secrets.secrets_manager
    import airflow.providers.amazon.aws.secrets.systems_manager  # noqa: F401


def observe(case: dict[str, Any]) -> dict[str, Any]:
    import importlib

    name = case["case"]
    server = StandIn(lambda request: answer(name, request))
    for file, content in FILES.items():
        with open(file, "w", encoding="utf-8") as opened:
            opened.write(content)
    here = {"http://AWS": server.url, HOME: os.environ["HOME"]}
    for variable, value in {**ENVIRONMENT, **case["env"]}.items():
        if value is None:
            os.environ.pop(variable, None)
        else:
            os.environ[variable] = replaced(value, here)
    module = importlib.import_module(f"airflow.providers.amazon.aws.secrets.{MODULES[case['backend']]}")
    observed = outcome(lambda: look_up(getattr(module, case["backend"]), replaced(case["backend_kwargs"], here), name, server))
    inputs = {key: case[key] for key in ("case", "backend", "backend_kwargs", "env")}
    observed["requests"] = [shown(request) for request in server.requests]
    return {**inputs, **replaced(observed, {server.address: "AWS"})}


def look_up(backend: type, kwargs: dict[str, Any], name: str, server: StandIn) -> Any:
    opened = backend(**kwargs)
    if name.endswith(" full"):
        connection = opened.get_connection("smtp_default")
        return [{field: getattr(connection, field) for field in FIELDS}]
    if name in CONNECTIONS:
        value = opened.get_conn_value("smtp_default")
        return [value] if name.startswith("json conn") else value
    value = opened.get_variable(KEYS.get(name, "hello"))
    if name == "config_kwargs ignored for ssm":
        return [value, any("zzz" in request["headers"]["User-Agent"] for request in server.requests)]
    return value


def shown(request: dict[str, Any]) -> dict[str, Any]:
    headers = {name: value for name, value in request["headers"].items() if name in HEADERS}
    return {**request, "headers": headers}


def answer(name: str, request: dict[str, Any]) -> tuple[int, dict[str, str], str]:
    target = request["headers"].get("X-Amz-Target")
    if target is None:
        return assumed_role(request["body"].split("&")[0].removeprefix("Action="))
    asked = json.loads(request["body"])
    is_parameter = target == "AmazonSSM.GetParameter"
    if name == "not found":
        return refused(400, "ParameterNotFound" if is_parameter else "ResourceNotFoundException")
    if name in REFUSALS:
        return refused(*REFUSALS[name])
    if name.endswith(("Exception", "VersionNotFound")):
        return refused(400, name)
    text = CONNECTIONS.get(name.removesuffix(" full")) or VARIABLES.get(asked["Name" if is_parameter else "SecretId"], "world")
    if name == "key leading slash":
        text = "x"
    return answer_json(200, {"Parameter": {"Name": asked["Name"], "Value": text}} if is_parameter else {"Name": asked["SecretId"], "SecretString": text})


def refused(status: int, code: str) -> tuple[int, dict[str, str], str]:
    return answer_json(status, {"__type": code, "message": "m"})


def assumed_role(action: str) -> tuple[int, dict[str, str], str]:
    role = "".join(f"<{name}>{value}</{name}>" for name, value in ROLE.items())
    result = f"<{action}Result><Credentials>{role}</Credentials></{action}Result>"
    return 200, {"Content-Type": "text/xml"}, f'<{action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/">{result}</{action}Response>'

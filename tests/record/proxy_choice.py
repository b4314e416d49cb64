"""`proxy_choice.json`: the proxy that requests, botocore and the Kubernetes client go through to a URL, in an environment.

Each is asked up to the moment when urllib3 would send: `used` is the proxy of its connection pool with the login it shows, `null` for none, and `fails` where
something was raised before. `proxies` are the kwarg of that name of a Vault client, which hands it to requests.
"""

from __future__ import annotations

import json
import os
from typing import Any

from common import ask
from installations import RELEASE

FILE = "proxy_choice.json"
LIBRARIES = ["requests", "urllib3", "botocore", "kubernetes"]


class Reached(BaseException):
    """Nothing is sent."""


def record(text: str) -> str:
    document = json.loads(text)
    inputs = [{name: case[name] for name in ("library", "env", "url", "proxies") if name in case} for case in document["cases"]]
    [made_with] = ask(RELEASE, versions, [None])
    used = ask(RELEASE, observe, inputs)
    rows = ",\n".join(json.dumps({**input, "used": one}) for input, one in zip(inputs, used))
    return f'{{"made_with": {json.dumps(made_with)},\n"cases": [\n{rows}\n]}}\n'


def versions(_: None) -> str:
    import importlib.metadata
    import platform

    made_with = [f"{library} {importlib.metadata.version(library)}" for library in LIBRARIES]
    return ", ".join([*made_with, f"CPython {platform.python_version()}"])


def prepare() -> None:
    import botocore.httpsession
    import botocore.utils
    import kubernetes.client
    import requests
    import urllib3  # noqa: F401


def observe(case: dict[str, Any]) -> Any:
    import urllib3

    os.environ.update(dict(case["env"]))
    used: list[Any] = []

    def urlopen(pool: Any, *_: Any, **__: Any) -> None:
        used.append(pool.proxy and shown(pool.proxy, pool.proxy_headers))
        raise Reached

    urllib3.connectionpool.HTTPConnectionPool.urlopen = urlopen
    try:
        ASKED[case["library"]](case["url"], case.get("proxies"))
    except Reached:
        return used[0]
    except Exception:
        return "fails"
    raise AssertionError("urllib3 was not reached")


def shown(proxy: Any, headers: dict[str, str]) -> Any:
    if proxy.host is None:  # found out when it is connected to
        return "fails"
    logins = [value for name, value in headers.items() if name.lower() == "proxy-authorization"]
    return [f"{proxy.scheme}://{proxy.host}:{proxy.port}", logins[0] if logins else None]


def ask_requests(url: str, proxies: dict[str, Any] | None) -> None:
    import requests

    requests.Session().request("GET", url, proxies=proxies)


def ask_botocore(url: str, _: None) -> None:
    """As `botocore.endpoint.EndpointCreator` does for a client."""
    from botocore.awsrequest import AWSRequest
    from botocore.httpsession import URLLib3Session
    from botocore.utils import get_environ_proxies

    URLLib3Session(proxies=get_environ_proxies(url)).send(AWSRequest("GET", url).prepare())


def ask_kubernetes(url: str, _: None) -> None:
    from kubernetes import client

    configuration = client.Configuration()
    configuration.host = url
    client.ApiClient(configuration).rest_client.request("GET", url)


ASKED = {"requests": ask_requests, "botocore": ask_botocore, "kubernetes": ask_kubernetes}

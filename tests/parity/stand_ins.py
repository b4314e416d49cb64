"""What is put in place of the world outside: time, the network, the database, and each cloud's way to its servers.

Every backend class, hook and client stays the real one. Each replacement says why it changes no outcome.
"""

from __future__ import annotations

import errno
import functools
import importlib
import ipaddress
import os
import posixpath
import socket
import sys
import time
import types
from typing import Any
from urllib.parse import urlsplit

# Provider: the module of its backend that is imported before any case, so that no case pays for it.
BACKENDS = {
    "amazon": "airflow.providers.amazon.aws.secrets.systems_manager",
    "cncf-kubernetes": "airflow.providers.cncf.kubernetes.secrets.kubernetes_secrets_backend",
    "google": "airflow.providers.google.cloud.secrets.secret_manager",
    "hashicorp": "airflow.providers.hashicorp.secrets.vault",
    "microsoft-azure": "airflow.providers.microsoft.azure.secrets.key_vault",
}
EXPANSIONS_LIMIT = 10_000
REFERENCES_LIMIT = 20_000


class Hang(BaseException):
    """An expansion of variables that would never end."""


class Clock:
    """Time in which sleeping takes none: for `google.api_core`, which retries until a deadline and not a number of times."""

    def __init__(self) -> None:
        self.skipped = 0.0

    def sleep(self, seconds: float) -> None:
        self.skipped += seconds

    def monotonic(self) -> float:
        return time.monotonic() + self.skipped

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)


expansions = 0


def forget() -> None:
    global expansions
    expansions = 0


def before_airflow() -> None:
    # Retries are counted by the server; how long they wait decides nothing.
    time.sleep = lambda seconds: None
    _stop_endless_expansion()
    _stay_on_this_machine()


def after_airflow() -> None:
    _empty_metastore()


def _stop_endless_expansion() -> None:
    """Airflow expands until nothing changes any more. A start needs some hundred steps, so ten thousand are a circle; and a text that expansion
    has filled with references doubles at every step."""
    real = posixpath.expandvars

    @functools.wraps(real)
    def expandvars(path: Any) -> Any:
        global expansions
        expansions += 1
        expanded = real(path)
        endless = expanded != path and expanded.count("$") > REFERENCES_LIMIT
        if endless or expansions > EXPANSIONS_LIMIT:
            raise Hang
        return expanded

    posixpath.expandvars = expandvars


def _stay_on_this_machine() -> None:
    """Everything but loopback is unreachable, as on a machine without a network."""
    real_connect, real_getaddrinfo = socket.socket.connect, socket.getaddrinfo

    def connect(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not ipaddress.ip_address(address[0]).is_loopback:
            raise OSError(errno.ENETUNREACH, os.strerror(errno.ENETUNREACH))
        real_connect(self, address)

    def getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            ipaddress.ip_address(host)
        except ValueError:
            if host not in (None, "", "localhost", b"localhost"):
                raise socket.gaierror(socket.EAI_NONAME, "Name or service not known") from None
        return real_getaddrinfo(host, *args, **kwargs)

    socket.socket.connect = connect
    socket.getaddrinfo = getaddrinfo


def _empty_metastore() -> None:
    """The database holds nothing: the layer is asked in its turn and knows no id."""
    from airflow.secrets.metastore import MetastoreBackend

    def get_connection(self: Any, conn_id: str, team_name: str | None = None) -> None:
        return None

    def get_variable(self: Any, key: str, team_name: str | None = None) -> None:
        return None

    MetastoreBackend.get_connection = get_connection
    MetastoreBackend.get_variable = get_variable

"""What is put in place of the world outside: time, the network, the database, and each cloud's way to its servers.

Every backend class, hook and client stays the real one. Each replacement says why it changes no outcome. A case names its servers as it would
for Airflow (kwargs, VAULT_ADDR, AWS_ENDPOINT_URL, a vault_url with REQUESTS_CA_BUNDLE), and where Airflow has no such setting by gcloud's
CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER, ..._IAMCREDENTIALS and CLOUDSDK_AUTH_TOKEN_HOST, and by SECRETCTL_PARITY_KUBERNETES.
"""

from __future__ import annotations

import errno
import functools
import ipaddress
import os
import posixpath
import re
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
EXPANSIONS_LIMIT = 3_000
REFERENCES_LIMIT = 300


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
    """What libraries keep in their modules about a server or an account that an earlier case named."""
    global expansions
    expansions = 0
    sys.modules["azure.keyvault.secrets._shared.http_challenge_cache"].clear()
    sys.modules["kubernetes.client"].Configuration.set_default(None)


def before_airflow() -> None:
    # Retries are counted by the server; how long they wait decides nothing.
    time.sleep = lambda seconds: None
    _stop_endless_expansion()
    _stay_on_this_machine()


def after_airflow() -> None:
    _empty_metastore()
    _keep_aws_service_models()
    _keep_private_keys()
    _reach_secret_manager()
    _authenticate_to_key_vault()
    _reach_kubernetes()


def _stop_endless_expansion() -> None:
    """Airflow expands until nothing changes any more. A start needs some hundred steps, so three thousand are a circle; and a text that expansion
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


def _keep_aws_service_models() -> None:
    """botocore's descriptions of the services are files of the installation, and of AWS_DATA_PATH if that is set."""
    from botocore import loaders

    real = loaders.create_loader
    kept: dict[str | None, dict] = {}

    def create_loader(search_path_string: str | None = None) -> Any:
        loader = real(search_path_string)
        loader._cache = kept.setdefault(search_path_string, {})
        return loader

    loaders.create_loader = create_loader


def _keep_private_keys() -> None:
    """Reading a key checks that it is prime, which takes longer than all else in a lookup; the same text is the same key."""
    from google.auth.crypt import _cryptography_rsa as rsa

    kept = functools.cache(rsa.serialization.load_pem_private_key)
    rsa.serialization = types.SimpleNamespace(**{**vars(rsa.serialization), "load_pem_private_key": kept})


def _reach_secret_manager() -> None:
    """The client library's own REST transport, since the server speaks no gRPC. Credentials, names, retries and parsing are the same code; errors
    are made those that gRPC's client raises, of which the backend takes three for "not found"."""
    from airflow.providers.google.cloud._internal_client import secret_manager_client
    from google.api_core import exceptions
    from google.api_core.retry import retry_base, retry_unary
    from google.cloud.secretmanager_v1 import SecretManagerServiceClient
    from google.cloud.secretmanager_v1.services.secret_manager_service.transports import rest

    class Client(SecretManagerServiceClient):
        def __init__(self, *, credentials: Any, client_info: Any) -> None:
            endpoint = urlsplit(os.environ.get("CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER", "https://secretmanager.googleapis.com/"))
            transport = rest.SecretManagerServiceRestTransport(
                host=endpoint.netloc, url_scheme=endpoint.scheme, credentials=credentials, always_use_jwt_access=True
            )
            # A request that was refused is not sent a second time over gRPC.
            transport._session._refresh_status_codes = ()
            super().__init__(transport=transport)

        def access_secret_version(self, request: dict[str, str]) -> Any:
            # Google's own answer to such a name, which a URL cannot always carry.
            if not re.fullmatch(r"projects/[^/]+/secrets/[A-Za-z0-9_-]{1,255}/versions/latest", request["name"]):
                raise exceptions.InvalidArgument("the name of no secret")
            return super().access_secret_version(request=request)

    secret_manager_client.SecretManagerServiceClient = Client
    rest.core_exceptions = types.SimpleNamespace(**{**vars(exceptions), "from_http_response": _grpc_error})
    retry_base.time = retry_unary.time = Clock()
    _follow_gcloud_overrides()


def _follow_gcloud_overrides() -> None:
    """Tokens and impersonation are asked of the hosts that gcloud's variables name; Google's libraries have theirs built in."""
    from google.auth import _regional_access_boundary_utils as boundary
    from google.auth.transport.requests import Request

    # A thread of its own asks where an account may be used, for a header that routes and decides nothing; it would reach into the next case.
    boundary._RegionalAccessBoundaryManager.maybe_start_refresh = lambda self, credentials, request: None
    real = Request.__call__
    overrides = {
        "https://oauth2.googleapis.com/token": "CLOUDSDK_AUTH_TOKEN_HOST",
        "https://iamcredentials.googleapis.com": "CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS",
    }

    @functools.wraps(real)
    def __call__(self: Any, url: str, *args: Any, **kwargs: Any) -> Any:
        for prefix, variable in overrides.items():
            if url.startswith(prefix) and variable in os.environ:
                url = os.environ[variable].rstrip("/") + url.removeprefix(prefix)
        return real(self, url, *args, **kwargs)

    Request.__call__ = __call__


# What gRPC makes of an answer that is no gRPC, such as a proxy's: https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md
GRPC_STATUS = {400: "INTERNAL", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "UNIMPLEMENTED"} | dict.fromkeys(
    [429, 502, 503, 504], "UNAVAILABLE"
)


def _grpc_error(response: Any) -> Exception:
    import grpc
    from google.api_core import exceptions

    try:
        error = response.json()["error"]
        status, message = error["status"], error.get("message", "")
    except (ValueError, KeyError, TypeError):
        status, message = GRPC_STATUS.get(response.status_code, "UNKNOWN"), response.text
    return exceptions.from_grpc_status(getattr(grpc.StatusCode, status, grpc.StatusCode.UNKNOWN), message)


def _authenticate_to_key_vault() -> None:
    """A fixed token, where Entra would be asked; how the client gets to ask for one, by the vault's challenge, is left as it is."""
    from azure.core.credentials import AccessToken
    from azure.identity import ClientSecretCredential, DefaultAzureCredential

    def get_token(self: Any, *scopes: str, **kwargs: Any) -> AccessToken:
        return AccessToken("oracle", int(time.time()) + 3600)

    for credential in [ClientSecretCredential, DefaultAzureCredential]:
        credential.get_token = get_token
        credential.get_token_info = property()  # unreadable, so that the client uses get_token


def _reach_kubernetes() -> None:
    """The pod's address, token and certificate, read from paths that cannot be written, are the server's that the case names."""
    from kubernetes.config.incluster_config import InClusterConfigLoader

    backend = sys.modules[BACKENDS["cncf-kubernetes"]]
    real = backend.load_incluster_config

    class Loader(InClusterConfigLoader):
        def _load_config(self) -> None:
            self.host = os.environ["SECRETCTL_PARITY_KUBERNETES"]
            self.token = "bearer oracle"
            self.ssl_ca_cert = None

    def load_incluster_config() -> None:
        if "SECRETCTL_PARITY_KUBERNETES" in os.environ:
            Loader("", "", try_refresh_token=False).load_and_set()
        else:
            real()

    backend.load_incluster_config = load_incluster_config

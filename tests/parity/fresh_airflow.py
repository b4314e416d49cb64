"""One Airflow process made to start anew for each case, and its lookups told layer by layer.

What a start does (`airflow/configuration.py` at module level, `airflow/settings.py`, `airflow/__main__.py`, the SDK's
`ensure_secrets_backend_loaded`) is run again by calling the same functions. What is kept between cases holds nothing of a case: parsed files of
the installation, and imported modules.
"""

from __future__ import annotations

import copy
import functools
import gc
import importlib
import importlib.metadata
import logging
import pathlib
import sys
import types
import warnings
from typing import Any, Callable

import stand_ins
from encoding import describe, encode

import airflow.configuration as core
from airflow.models import Connection, Variable
from airflow.models import crypto

try:
    import airflow.sdk.configuration as sdk
    import structlog
    from airflow.sdk import Connection as WorkerConnection
    from airflow.sdk import Variable as WorkerVariable
    from airflow.sdk.execution_time import context as sdk_context
    from airflow.sdk.execution_time import supervisor
    from airflow.sdk.execution_time.cache import SecretCache
    from airflow._shared.secrets_masker import secrets_masker as core_masker
    from airflow.sdk._shared.secrets_masker import secrets_masker as sdk_masker

    MASKERS = [core_masker, sdk_masker]
except ImportError:  # Airflow 2
    from airflow.secrets.cache import SecretCache
    from airflow.utils.log import secrets_masker as core_masker

    sdk = None
    MASKERS = [core_masker]
    # Airflow 2 looks for its masker among the filters that its logging configuration sets up.
    logging.getLogger("airflow.task").addFilter(core_masker.SecretsMasker())

METHODS = {"connection": "get_connection", "variable": "get_variable", "config": "get_config"}
MISSING = object()


class NothingWritten(Exception):
    """In place of the creation of an airflow.cfg."""


class Layers:
    """What each backend said during one lookup."""

    def __init__(self) -> None:
        self.method: str | None = None
        self.begin(None)

    def begin(self, method: str | None) -> None:
        self.method = method
        self.depth = 0
        self.told: list[dict[str, Any]] = []
        self.results: list[Any] = []

    def watch(self, backend: Any) -> None:
        for method in METHODS.values():
            real = getattr(backend, method, None)
            if real is not None and not hasattr(real, "__wrapped_by_oracle__"):
                try:
                    setattr(backend, method, self._watched(type(backend).__name__, method, real))
                except AttributeError:  # not a backend at all, and it has no room for an attribute
                    pass

    def _watched(self, name: str, method: str, real: Callable) -> Callable:
        # `wraps` keeps the signature, from which Airflow decides whether to pass a team's name.
        @functools.wraps(real)
        def watched(*args: Any, **kwargs: Any) -> Any:
            # A lookup inside a backend's lookup, such as Lockbox's for its own connection, is no layer.
            if method != self.method or self.depth:
                return real(*args, **kwargs)
            layer = {"backend": name, "outcome": "error", "error": None}
            self.told.append(layer)
            self.results.append(None)
            self.depth += 1
            try:
                result = real(*args, **kwargs)
            except BaseException as failure:
                layer["error"] = describe(failure)
                raise
            finally:
                self.depth -= 1
            found = bool(result) if method == "get_connection" else result is not None
            layer["outcome"] = "found" if found else "absent"
            self.results[-1] = result
            return result

        watched.__wrapped_by_oracle__ = True  # type: ignore[attr-defined]
        return watched


def become(conf: Any, fresh: Any) -> None:
    """`conf` is imported by name all over Airflow: the object stays, all that it holds is replaced."""
    conf.__dict__.clear()
    conf.__dict__.update(fresh.__dict__)


class Airflow:
    def __init__(self) -> None:
        self.layers = Layers()
        self.notes: list[str] = []
        self.version = importlib.metadata.version("apache-airflow-core" if sdk else "apache-airflow")
        logging.disable(logging.CRITICAL)
        warnings.simplefilter("ignore")
        if sdk:
            structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
        for module in stand_ins.BACKENDS.values():
            importlib.import_module(module)
        stand_ins.after_airflow()
        self._write_no_file()
        self._keep_what_no_case_changes()
        self._watch_backends()
        self._note_dropped_kwargs()
        for context in ["server", "worker"]:  # what is imported or compiled at the first lookup is so before the first case
            for kind in METHODS:
                self.answer({"context": context, "kind": kind, "id": "warm"})
        gc.freeze()  # what has been imported is never garbage; looking through it took a third of a case

    def versions(self) -> dict[str, Any]:
        prefix = "apache-airflow-providers-"
        providers = {name: importlib.metadata.version(prefix + name) for name in stand_ins.BACKENDS}
        return {"airflow": self.version, "providers": providers}

    def _write_no_file(self) -> None:
        """A missing airflow.cfg stays missing: a file of defaults would decide nothing but the Fernet key."""

        def nothing(*_: object, **__: object) -> None:
            raise NothingWritten

        path = type("Path", (type(pathlib.Path()),), {"touch": nothing, "mkdir": nothing})
        core.pathlib = types.SimpleNamespace(Path=path)
        core._generate_fernet_key = nothing

    def _keep_what_no_case_changes(self) -> None:
        """config.yml, the providers' metadata and the fallback cfg are files of the installation: parsed once, and handed out as copies."""
        for module in filter(None, [core, sdk]):
            module.retrieve_configuration_description = self._copied(module.retrieve_configuration_description)
            module.create_default_config_parser = self._expanded_again(module.create_default_config_parser)
        if not sdk:
            core.create_provider_config_fallback_defaults = functools.cache(core.create_provider_config_fallback_defaults)
            return
        for conf in [core.conf, sdk.conf]:
            parser = sys.modules[type(conf).__mro__[1].__module__]
            parser.create_provider_cfg_config_fallback_defaults = functools.cache(parser.create_provider_cfg_config_fallback_defaults)
            self._keep_descriptions(type(conf), conf)

    @staticmethod
    def _copied(real: Callable) -> Callable:
        kept = functools.cache(real)

        def retrieve(*args: Any, **kwargs: Any) -> dict[str, Any]:
            return {
                section: {**described, "options": {name: dict(option) for name, option in described["options"].items()}}
                for section, described in kept(*args, **kwargs).items()
            }

        return retrieve

    @staticmethod
    def _expanded_again(real: Callable) -> Callable:
        """Of the defaults only those with a "{" differ from case to case, by AIRFLOW_HOME: these are made anew."""
        kept: dict[tuple[str, ...], tuple[Any, dict]] = {}

        def create(described: dict[str, Any]) -> Any:
            key = tuple(described)  # the sections of config.yml, or those of the providers
            if key not in kept:
                expanded = {
                    section: {**content, "options": {name: option for name, option in content["options"].items() if "{" in str(option["default"])}}
                    for section, content in described.items()
                }
                kept[key] = real(described), {section: content for section, content in expanded.items() if content["options"]}
            parser, expanded = kept[key]
            parser = copy.copy(parser)
            parser._sections = {section: dict(options) for section, options in parser._sections.items()}
            for section, options in real(expanded)._sections.items():
                parser._sections[section].update(options)
            return parser

        return create

    @staticmethod
    def _keep_descriptions(parser: type, template: Any) -> None:
        """These properties are made of those files alone, and making them is most of what a start costs."""
        names = ["configuration_description", "_provider_metadata_configuration_description", "sensitive_config_values"]
        kept = {name: getattr(template, name) for name in names}
        real = parser.__init__

        @functools.wraps(real)
        def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
            real(self, *args, **kwargs)
            self.__dict__.update(kept)

        parser.__init__ = __init__

    def _watch_backends(self) -> None:
        def watched(real: Callable) -> Callable:
            @functools.wraps(real)
            def call(*args: Any, **kwargs: Any) -> Any:
                made = real(*args, **kwargs)
                for backend in made if isinstance(made, list) else [made]:
                    self.layers.watch(backend)
                return made

            return call

        for module in filter(None, [core, sdk]):
            module.initialize_secrets_backends = watched(module.initialize_secrets_backends)
        core.get_custom_secret_backend = watched(core.get_custom_secret_backend)
        if sdk:
            parser = type(sdk.conf)
            parser._get_custom_secret_backend = watched(parser._get_custom_secret_backend)

    def _note_dropped_kwargs(self) -> None:
        """Kwargs that are no JSON object are dropped with no other sign than a warning in the log."""

        def warning(message: str, *arguments: object, **_: object) -> None:
            if message.startswith("Failed to parse ["):
                self.notes.append("kwargs dropped")

        parsers = [sys.modules[type(conf).__mro__[1].__module__] for conf in [core.conf, sdk.conf]] if sdk else [core]
        for module in parsers:
            module.log.warning = warning

    def forget(self) -> None:
        """Everything that a process remembers of an earlier lookup."""
        if hasattr(crypto.get_fernet, "cache_clear"):
            crypto.get_fernet.cache_clear()
        else:
            crypto._fernet = None
        for masker in MASKERS:
            masker._secrets_masker().__init__()
        SecretCache.reset()
        if sdk:
            sdk.clear_secrets_backends_cache()
        stand_ins.forget()
        self.layers.begin(None)

    @staticmethod
    def configure() -> None:
        """`import airflow.configuration`."""
        core.AIRFLOW_HOME = core.get_airflow_home()
        core.AIRFLOW_CONFIG = core.get_airflow_config(core.AIRFLOW_HOME)
        become(core.conf, core.initialize_config())
        if sdk:  # the providers read their options by it, in a server too
            become(sdk.conf, sdk.initialize_config())
        core.secrets_backend_list = core.initialize_secrets_backends()
        core.conf.validate()

    @staticmethod
    def initialize_settings() -> None:
        """Of `airflow.settings.initialize()` what reads secrets: every sensitive option, so that logs can hide them."""
        core.conf.mask_secrets()

    @staticmethod
    def find_configuration_file() -> None:
        """Of `airflow.__main__` what can fail before a command is run."""
        try:
            core.write_default_airflow_configuration_if_needed()
        except NothingWritten:
            pass

    @staticmethod
    def start_worker() -> None:
        become(sdk.conf, sdk.initialize_config())
        supervisor.ensure_secrets_backend_loaded()

    def answer(self, case: dict[str, Any]) -> dict[str, Any]:
        self.forget()
        worker = case["context"] == "worker" and sdk is not None
        starts = {"airflow.configuration": self.configure, "airflow.settings": self.initialize_settings, "airflow": self.find_configuration_file}
        if worker:
            starts["airflow.sdk"] = self.start_worker
        self.notes.clear()
        for name, start in starts.items():
            if name == "airflow.sdk":  # what the server's start dropped is not the worker's
                self.notes.clear()
            try:
                start()
            except stand_ins.Hang:
                return {"fatal": "Hang", "fatal_in": name}
            except (Exception, SystemExit) as failure:
                return {"fatal": describe(failure), "fatal_in": name}
        return self.lookup(case, worker)

    def lookup(self, case: dict[str, Any], worker: bool) -> dict[str, Any]:
        kind, id = case["kind"], case["id"]
        deserialize_json = kind == "variable" and case.get("deserialize_json", False)
        self.layers.begin(METHODS[kind])
        result, error = None, None
        try:
            result = self._ask(kind, id, deserialize_json, worker)
        except stand_ins.Hang:
            error = "Hang"
        except (Exception, SystemExit) as failure:
            error = describe(failure)
        finally:
            self.layers.method = None
        found = result is not MISSING and (result is not None or deserialize_json) and error is None
        self._tell_what_came_of_results(kind, id, deserialize_json, worker, found, error)
        found_in = next((layer["backend"] for layer in self.layers.told if layer["outcome"] == "found"), None)
        told: dict[str, Any] = {"error": error, "layers": self.layers.told, "found_in": found_in, "notes": sorted(set(self.notes))}
        if found:
            if kind == "connection":
                told["connection"] = self._connection(result)
            elif isinstance(result, str) and not deserialize_json:
                told["value"] = {"text": encode(result)}
            else:
                told["value"] = {"json": encode(result)}
        return told

    def _ask(self, kind: str, id: str, deserialize_json: bool, worker: bool) -> Any:
        if kind == "connection":
            try:
                return WorkerConnection.get(id) if worker else Connection.get_connection_from_secrets(id)
            except Exception as failure:
                if type(failure).__name__ == "AirflowNotFoundException":
                    return MISSING
                raise
        if kind == "variable":
            if worker:
                return WorkerVariable.get(id, default=MISSING, deserialize_json=deserialize_json)
            return Variable.get(id, default_var=MISSING, deserialize_json=deserialize_json)
        source = sdk.conf if worker else core.conf if sdk else core
        return source._get_config_value_from_secret_backend(id)

    def _tell_what_came_of_results(self, kind: str, id: str, deserialize_json: bool, worker: bool, found: bool, error: str | None) -> None:
        """A backend returned something, Airflow could not use it and asked the next: the use is repeated to see what it raises."""
        returned = [index for index, layer in enumerate(self.layers.told) if layer["outcome"] == "found"]
        for index in returned[:-1] if found or error else returned:
            result = self.layers.results[index]
            try:
                if kind == "connection":
                    result.get_uri()
                elif worker:
                    sdk_context._mask_and_deserialize_variable(result, id, deserialize_json)
                failure = "unknown"
            except Exception as raised:
                failure = describe(raised)
            self.layers.told[index].update(outcome="error", error=failure)

    @staticmethod
    def _connection(connection: Any) -> dict[str, Any]:
        names = ["conn_id", "conn_type", "description", "host", "login", "password", "schema", "port", "extra", "extra_dejson"]
        fields = {name: encode(getattr(connection, name)) for name in names}
        return {**fields, "uri": encode(connection.get_uri())}

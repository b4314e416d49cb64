#!/usr/bin/env python3
"""Reads the default connection ids of operators, sensors, hooks and notifiers out of provider wheels, without installing or running them.

    tests/record/default_ids.py download WHEELS   # fetches the wheels, several releases of a provider where classes went away
    tests/record/default_ids.py write WHEELS      # writes src/dags/data/default_ids.txt

Needs Python 3.11 and pip. A release that is newer wins over an older one; within a release the base classes of a class are followed
across wheels. What the columns mean stands in src/dags/data/README.md.
"""

import ast
import pathlib
import re
import subprocess
import sys
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
OUTPUT = ROOT / "src/dags/data/default_ids.txt"
AIRFLOW = ["apache-airflow==3.3.2", "apache-airflow==2.11.2", "apache-airflow-core==3.3.2", "apache-airflow-task-sdk==1.3.2"]

# Releases before one in which classes were removed, newest first; the number is the first release that is too new.
OLDER = {
    "airbyte": ["4"], "amazon": ["9", "8", "6"], "apache-beam": ["6"], "apache-druid": ["4"], "apache-hive": ["9", "7"],
    "apache-livy": ["4"], "apache-spark": ["5"], "atlassian-jira": ["3"], "cncf-kubernetes": ["10", "7", "5"], "common-sql": ["1.25"],
    "databricks": ["7", "5"], "dbt-cloud": ["4"], "docker": ["4"], "elasticsearch": ["6"], "exasol": ["5", "4.5"], "ftp": ["3.10"],
    "google": ["12", "11", "10", "9"], "hashicorp": ["4"], "http": ["5"], "jdbc": ["5", "4"], "microsoft-azure": ["12", "10", "6"],
    "microsoft-mssql": ["4", "3.5"], "mongo": ["5"], "mysql": ["6", "5"], "oracle": ["4", "3.7"], "postgres": ["6", "5.5"],
    "presto": ["5.6"], "qubole": ["4"], "redis": ["4"], "salesforce": ["6"], "sendgrid": ["4"], "sftp": ["5", "4.3"], "slack": ["9", "8", "7"],
    "smtp": ["2"], "snowflake": ["6", "5", "4"], "sqlite": ["4", "3.4"], "ssh": ["4"], "tableau": ["5"], "trino": ["6", "5.2"], "vertica": ["4", "3.4"],
    "weaviate": ["2"], "openai": ["2"], "yandex": ["4"],
}  # fmt: skip
# Provider packages of others that DAGs use much.
OTHERS = [
    "airflow-provider-fivetran-async", "airflow-provider-fivetran", "airflow-provider-great-expectations", "astronomer-cosmos",
    "astro-sdk-python", "astronomer-providers", "airflow-provider-firebolt", "airflow-provider-hightouch", "airflow-provider-census",
]  # fmt: skip
# `connection_id` that is an id of another system.
NOT_AIRFLOWS = {"AirbyteTriggerSyncOperator": {"connection_id"}, "AirbyteJobSensor": {"connection_id"}}

# A default that stands for "as the base class has it", or is chosen by the running code.
NOTSET = "NOTSET"

CONNECTION_PARAMETER = re.compile(r"(^|_)(conn_id|connection_id|conn_name)$|^kafka_config_id$")
GENERIC_PARAMETER = re.compile(r"(^|_)conn_id$")
DEFAULT_ATTRIBUTE = "default_conn_name"


def download(folder):
    """Fetches every wheel; a release that is not to be had is named and left out."""
    folder.mkdir(parents=True, exist_ok=True)
    for requirement in AIRFLOW:
        fetch(folder / "airflow", [requirement])
    for extras in (folder / "airflow").glob("apache_airflow-3*.whl"):
        names = sorted(set(re.findall(r"^Requires-Dist: (apache-airflow-providers-[a-z0-9-]+)", metadata(extras), re.M)))
    fetch(folder / "latest", names)
    for package, limits in OLDER.items():
        for limit in limits:
            fetch(folder / "older", [f"apache-airflow-providers-{package}<{limit}"])
    for package in OTHERS:
        fetch(folder / "others", [package])


def fetch(folder, requirements):
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:"]
    if subprocess.run([*command, "--dest", folder, *requirements]).returncode:
        print("not fetched:", *requirements, file=sys.stderr)


def metadata(wheel):
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith("dist-info/METADATA"))
        return archive.read(name).decode()


class Release:
    """A set of wheels that are looked at together: module name to its tree, and what its names mean."""

    def __init__(self, wheels):
        self.sources, self.trees, self.names = {}, {}, {}
        for wheel in wheels:
            with zipfile.ZipFile(wheel) as archive:
                for path in archive.namelist():
                    if path.endswith(".py") and "/tests/" not in path and "example_dags" not in path:
                        module = path[:-3].replace("/", ".").removesuffix(".__init__")
                        self.sources[module] = (archive.read(path), path.endswith("__init__.py"))

    def tree(self, module):
        if module not in self.trees:
            self.trees[module] = ast.parse(self.sources[module][0]) if module in self.sources else None
        return self.trees[module]

    def bindings(self, module):
        """The names of a module: a definition, an assigned expression, or the (module, name) it was imported from."""
        if module in self.names:
            return self.names[module]
        names = self.names[module] = {}
        tree = self.tree(module)
        for node in statements(tree) if tree else ():
            if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
                names[node.name] = node
            elif isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                names[node.targets[0].id] = node.value
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
                names[node.target.id] = node.value
            elif isinstance(node, ast.ImportFrom):
                base = self.absolute(module, node)
                for alias in node.names:
                    names.setdefault(alias.asname or alias.name, (base, alias.name))
        # `common.compat.sdk` keeps its re-exports in a dictionary
        for value in list(names.values()):
            if isinstance(value, ast.Dict):
                for key, target in zip(value.keys, value.values):
                    if isinstance(key, ast.Constant) and isinstance(key.value, str) and key.value.isidentifier():
                        first = target.elts[0] if isinstance(target, (ast.Tuple, ast.List)) and target.elts else target
                        if isinstance(first, ast.Constant) and isinstance(first.value, str) and first.value.startswith("airflow"):
                            names.setdefault(key.value, (first.value, key.value))
        return names

    def absolute(self, module, node):
        if not node.level:
            return node.module or ""
        package = module if self.sources[module][1] else module.rpartition(".")[0]
        for _ in range(node.level - 1):
            package = package.rpartition(".")[0]
        return f"{package}.{node.module}" if node.module else package

    def find(self, module, name, depth=0):
        """What `name` of `module` is at its source: (module, name, node)."""
        value = self.bindings(module).get(name)
        if depth > 20 or value is None:
            return None
        if isinstance(value, tuple):
            return self.find(*value, depth + 1)
        if isinstance(value, ast.Name) and value.id != name:
            return self.find(module, value.id, depth + 1)
        return module, name, value

    def text(self, module, node, class_=None, depth=0):
        """The text that an expression of a module or a class's body is, if it can be told."""
        if depth > 20 or node is None:
            return None
        if isinstance(node, ast.Constant):
            return node.value if isinstance(node.value, str) else None
        if isinstance(node, ast.Name) and node.id == NOTSET:
            return NOTSET
        if isinstance(node, ast.Name):
            if class_ and (found := self.class_attribute(*class_, node.id)):
                return found
            found = self.find(module, node.id)
            return self.text(found[0], found[2], None, depth + 1) if found and isinstance(found[2], ast.expr) else None
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            found = self.find(module, node.value.id)
            if found and isinstance(found[2], ast.ClassDef):
                return self.class_attribute(found[0], found[2], node.attr)
        return None

    def class_attribute(self, module, node, name, depth=0):
        for statement in node.body:
            targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
            if any(isinstance(target, ast.Name) and target.id == name for target in targets):
                return self.text(module, statement.value, None, depth + 1)
        for base in self.bases(module, node) if depth < 20 else ():
            if (found := self.class_attribute(*base, name, depth + 1)) is not None:
                return found
        return None

    def bases(self, module, node):
        for base in node.bases:
            if isinstance(base, ast.Subscript):
                base = base.value
            if isinstance(base, ast.Name):
                found = self.find(module, base.id)
            elif isinstance(base, ast.Attribute) and isinstance(base.value, ast.Name):
                imported = self.bindings(module).get(base.value.id)
                found = self.find(".".join(imported), base.attr) if isinstance(imported, tuple) else None
            else:
                found = None
            if found and isinstance(found[2], ast.ClassDef):
                yield found[0], found[2]

    def parameters(self, module, node, depth=0):
        """Connection parameters of a class: name to (position or None, default or None)."""
        if depth > 20:
            return {}
        init = next((item for item in node.body if isinstance(item, ast.FunctionDef) and item.name == "__init__"), None)
        if init is None:
            for base in self.bases(module, node):
                if rows := self.parameters(*base, depth + 1):
                    break
            else:
                rows = {}
        else:
            rows = self.signature(module, init, (module, node), skip=1)
            own = {argument.arg for argument in init.args.args + init.args.kwonlyargs}
            if init.args.kwarg:
                fixed = super_keywords(init) | own
                unset = not_set(init)
                positional = init.args.vararg is not None and len(init.args.args) == 1
                for base in self.bases(module, node):
                    for name, (position, default) in self.parameters(*base, depth + 1).items():
                        if name in unset:
                            rows[name] = (rows.get(name, (None,))[0], default)
                        elif name not in fixed:
                            rows.setdefault(name, (position if positional else None, default))
        # children of DbApiHook take the id from `conn_name_attr`, first
        attribute = self.class_attribute(module, node, "conn_name_attr")
        if attribute and self.is_a(module, node, "DbApiHook"):
            default = self.class_attribute(module, node, DEFAULT_ATTRIBUTE)
            if attribute not in rows or rows[attribute][0] is None:
                rows[attribute] = (0, rows.get(attribute, (None, default))[1] or default)
        return {name: row for name, row in rows.items() if name not in NOT_AIRFLOWS.get(node.name, ())}

    def signature(self, module, function, class_, skip):
        arguments, rows = function.args, {}
        positional = (arguments.posonlyargs + arguments.args)[skip:]
        defaults = [None] * (len(positional) - len(arguments.defaults)) + arguments.defaults[-len(positional) or len(arguments.defaults) :]
        for position, (argument, default) in enumerate(zip(positional, defaults)):
            self.add(rows, module, class_, argument.arg, position, default)
        for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults):
            self.add(rows, module, class_, argument.arg, None, default)
        return rows

    def add(self, rows, module, class_, name, position, default):
        text = self.text(module, default, class_)
        of_hook = default is not None and DEFAULT_ATTRIBUTE in ast.unparse(default)
        if CONNECTION_PARAMETER.search(name) or of_hook:
            rows[name] = (position, text)

    def is_a(self, module, node, name, depth=0):
        return node.name == name or depth < 20 and any(self.is_a(*base, name, depth + 1) for base in self.bases(module, node))


def statements(tree):
    """The statements of a module, those under `if` and `try` included."""
    for node in tree.body if isinstance(tree, ast.Module) else tree:
        if isinstance(node, ast.If):
            yield from statements(node.body)
            yield from statements(node.orelse)
        elif isinstance(node, ast.Try):
            yield from statements(node.body)
            for handler in node.handlers:
                yield from statements(handler.body)
        else:
            yield node


def super_keywords(init):
    """The keywords that a constructor fixes in its call of the base's."""
    keywords = set()
    for node in ast.walk(init):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "__init__":
            keywords |= {keyword.arg for keyword in node.keywords if keyword.arg}
    return keywords


def not_set(init):
    """The parameters whose default stands for "as the base class has it"."""
    arguments = init.args
    positional = arguments.args[len(arguments.args) - len(arguments.defaults) :]
    pairs = [*zip(positional, arguments.defaults), *zip(arguments.kwonlyargs, arguments.kw_defaults)]
    return {argument.arg for argument, default in pairs if default is not None and ast.unparse(default) == NOTSET}


WANTED_MODULE = re.compile(r"\.(operators|sensors|hooks|transfers|notifications|notifiers|sql|decorators|fs|io|profiles|config)\b|^fivetran_provider|^astro\b|^cosmos|great_expectations|firebolt|hightouch|airflow_census")


def rows_of(release, only=None):
    """`import path` to its connection parameters, for all public names of the wanted modules."""
    table = {}
    for module in sorted(release.sources):
        if only and not module.startswith(only) or not WANTED_MODULE.search(module) or "._" in module:
            continue
        for name, value in release.bindings(module).items():
            if name.startswith("_"):
                continue
            found = release.find(module, name)
            if not found or isinstance(value, tuple) and not release.sources[module][1]:
                continue
            if isinstance(found[2], ast.ClassDef):
                rows = release.parameters(found[0], found[2])
            elif isinstance(found[2], ast.FunctionDef):
                rows = release.signature(found[0], found[2], None, skip=0)
                rows = {name: row for name, row in rows.items() if row[1]}
            else:
                continue
            hook = ".hooks" in found[0] or name.endswith("Hook")
            kept, tells = {}, False
            for parameter, (position, default) in rows.items():
                place = position if hook or isinstance(found[2], ast.FunctionDef) else None
                kept[parameter] = (place, default)
                tells |= bool(default) or place is not None or not GENERIC_PARAMETER.search(parameter)
            # a class whose parameters all say by their names what they are, and have no default, needs no line
            if tells:
                table[f"{module}.{name}"] = kept
    return table


def former_names(release):
    """The import paths of Airflow 1.10 and 2.x that lead to another class."""
    names = {}
    for module in sorted(release.sources):
        source = release.sources[module][0]
        if b"__deprecated_classes" not in source and b"_deprecated_" not in source:
            continue
        for node in ast.walk(release.tree(module)):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict) and any(
                isinstance(target, ast.Name) and target.id.startswith("__deprecated") for target in node.targets
            ):
                for key, value in zip(node.value.keys, node.value.values):
                    if isinstance(key, ast.Constant) and isinstance(value, ast.Dict):
                        for name, target in zip(value.keys, value.values):
                            names[f"{module}.{key.value}.{name.value}"] = target.value
    return names


def write(folder):
    base = sorted(folder.glob("airflow/apache_airflow_core*.whl")) + sorted(folder.glob("airflow/apache_airflow_task_sdk*.whl"))
    latest = sorted(folder.glob("latest/*.whl"))
    former = sorted(folder.glob("airflow/apache_airflow-2*.whl"))
    table, newest = {}, Release(base + latest)
    for row in rows_of(newest).items():
        table.setdefault(*row)
    for wheel in sorted(folder.glob("others/*.whl")):
        package = Release([*base, *latest, wheel])
        own = tuple({name.split(".")[0] for name in Release([wheel]).sources})
        for row in rows_of(package, own).items():
            table.setdefault(*row)
    older = sorted(folder.glob("older/*.whl"), key=release_key, reverse=True)
    for wheel in older:
        stem = wheel.name.split("-")[0]
        rest = [other for other in latest if other.name.split("-")[0] != stem]
        package = "airflow.providers." + module_of(wheel)
        for path, rows in rows_of(Release([*former, *rest, wheel]), package).items():
            fill(table.setdefault(path, rows), rows)
    old_core = Release([*former, *latest])
    for row in rows_of(old_core, ("airflow.hooks", "airflow.operators", "airflow.sensors", "airflow.notifications")).items():
        table.setdefault(*row)
    aliases = {old: new for old, new in former_names(old_core).items() if new.startswith("airflow.providers.") and new in table and old not in table}
    entries = {path: " ".join(f"{name}:{'' if place is None else place}:{'' if default in (None, NOTSET) else default}" for name, (place, default) in sorted(rows.items()))
               for path, rows in table.items()}  # fmt: skip
    entries |= {old: "=" + new.removeprefix("airflow.providers.") for old, new in aliases.items()}
    modules = {}
    for path, entry in entries.items():
        module, _, name = path.rpartition(".")
        modules.setdefault(module, []).append(f" {name} {entry}\n")
    text = "".join(f"{module}\n" + "".join(sorted(lines)) for module, lines in sorted(modules.items()))
    wheels = [wheel.name.rsplit("-py", 1)[0] for wheel in [*base, *former, *latest, *older, *sorted(folder.glob("others/*.whl"))]]
    OUTPUT.write_text("".join(f"# {line}\n" for line in header(wheels)) + text)
    print(f"{len(table)} classes, {len(aliases)} former names, {OUTPUT.stat().st_size} bytes")


def fill(rows, older):
    """Gives a parameter whose default only the running code knows (`NOTSET`) the one that an older release had."""
    for name, (place, default) in rows.items():
        if default == NOTSET:
            rows[name] = (place, older.get(name, (None, NOTSET))[1] or NOTSET)


def module_of(wheel):
    with zipfile.ZipFile(wheel) as archive:
        paths = [name for name in archive.namelist() if name.endswith("get_provider_info.py")]
    return paths[0].removeprefix("airflow/providers/").rpartition("/")[0].replace("/", ".") if paths else wheel.name


def release_key(wheel):
    name, version = wheel.name.split("-")[:2]
    return name, [int(part) for part in re.findall(r"\d+", version)]


def header(wheels):
    yield "Default connection ids by import path, made by tests/record/default_ids.py from:"
    line = ""
    for wheel in wheels:
        wheel = wheel.replace("apache_airflow_providers_", "")
        if len(line) + len(wheel) > 150:
            yield line
            line = ""
        line += (" " if line else "") + wheel
    yield line


if __name__ == "__main__":
    {"download": download, "write": write}[sys.argv[1]](pathlib.Path(sys.argv[2]))

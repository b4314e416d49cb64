//! One table a rule: made-up snippets, and what is found in them. A line is `line kind:id via flags`, `?` for an id that only a
//! running DAG knows.

use super::{found, options};
use crate::airflow_version::AirflowVersion;
use crate::dags::scan;

/// Each snippet is a file of its own.
fn table(cases: &[(&str, &[&str])]) {
    for (snippet, expected) in cases {
        assert_eq!(
            found(&[("dags/a.py", snippet)], |_| {}),
            *expected,
            "{snippet}"
        );
    }
}

#[test]
fn looking_up() {
    table(&[
        (
            "from airflow.models import Variable\nVariable.get('a')",
            &["2 var:a call top_level"],
        ),
        (
            "from airflow.sdk import Variable\nVariable.get(key='a', default=None)",
            &["2 var:a call optional top_level"],
        ),
        (
            "from airflow.models.variable import Variable as V\ndef f():\n    V.get('a', 1)",
            &["3 var:a call optional"],
        ),
        (
            "import airflow.models\nairflow.models.Variable.get('a', default_var=1)",
            &["2 var:a call optional top_level"],
        ),
        (
            "from airflow.models import Variable\nVariable.setdefault('a', 1)",
            &["2 var:a call optional top_level"],
        ),
        (
            "from airflow.hooks.base import BaseHook\nBaseHook.get_connection('a')",
            &["2 conn:a call top_level"],
        ),
        (
            "from airflow.hooks.base_hook import BaseHook\nx = BaseHook.get_connection(conn_id='a').host",
            &["2 conn:a call top_level"],
        ),
        (
            "from airflow.sdk import Connection\nConnection.get('a')",
            &["2 conn:a call top_level"],
        ),
        (
            "from airflow.models import Connection\nConnection.get_connection_from_secrets('a')",
            &["2 conn:a call top_level"],
        ),
        (
            "from airflow import secrets\nsecrets.get_connections('a')",
            &["2 conn:a call top_level"],
        ),
        (
            "def f(**context):\n    context['conn'].get('a')",
            &["2 conn:a call optional"],
        ),
        (
            "def f(**kwargs):\n    kwargs['var']['value'].get('a', 'd')",
            &["2 var:a call optional"],
        ),
        (
            "def f(context):\n    return context['var']['json'].a",
            &["2 var:a call"],
        ),
        (
            "from airflow.operators.python import get_current_context\ndef f():\n    c = get_current_context()\n    c['conn'].a",
            &["4 conn:a call"],
        ),
        (
            "class MyHook(BaseHook):\n    def get_conn(self):\n        return self.get_connection('a')",
            &["3 conn:a call"],
        ),
    ]);
}

#[test]
fn keywords_positions_and_keys() {
    table(&[
        (
            "x.Operator(task_id='t', dest_my_conn_id='a')",
            &["1 conn:a keyword"],
        ),
        (
            "from airflow.providers.http.hooks.http import HttpHook\nHttpHook('GET', 'a')",
            &["2 conn:a positional"],
        ),
        (
            "from airflow.providers.postgres.hooks.postgres import PostgresHook\nPostgresHook('a')",
            &["2 conn:a positional"],
        ),
        (
            "from airflow.providers.apache.kafka.operators.produce import ProduceToTopicOperator\nProduceToTopicOperator(kafka_config_id='a')",
            &["2 conn:a keyword"],
        ),
        (
            "from myairflow.hooks import MyHook\nMyHook('a')",
            &["2 conn:a positional"],
        ),
        (
            "args = {'ssh_conn_id': 'a', 'x': 'b'}",
            &["1 conn:a mapping"],
        ),
        ("args = dict(ssh_conn_id='a')", &["1 conn:a mapping"]),
        (
            "args = {}\nargs['ssh_conn_id'] = 'a'",
            &["2 conn:a mapping"],
        ),
        (
            "Task.partial(task_id='t', x_conn_id='a').expand(y=[1])",
            &["1 conn:a keyword"],
        ),
        (
            "Task.partial(task_id='t').expand(x_conn_id=['a',\n 'b'])",
            &["1 conn:a keyword", "2 conn:b keyword"],
        ),
        (
            "from airflow.io.path import ObjectStoragePath\nObjectStoragePath('s3://a@bucket/key')\nObjectStoragePath('s3://bucket', conn_id='b')",
            &["2 conn:a positional", "3 conn:b keyword"],
        ),
        (
            "from airflow.decorators import task\n@task.kubernetes(kubernetes_conn_id='a')\ndef f(): pass",
            &["2 conn:a keyword"],
        ),
        (
            "f.override(task_id='t')(x_conn_id='a')",
            &["1 conn:a keyword"],
        ),
    ]);
}

#[test]
fn connection_id_is_decided_by_the_class() {
    table(&[
        (
            "from airflow.providers.airbyte.operators.airbyte import AirbyteTriggerSyncOperator\nAirbyteTriggerSyncOperator(connection_id='uuid', airbyte_conn_id='a')",
            &["2 conn:a keyword"],
        ),
        (
            "from operators.datacoves.dbt import DatacovesDbtOperator\nDatacovesDbtOperator(connection_id='a')",
            &["2 conn:a keyword"],
        ),
        (
            "from airflow.decorators import task\n@task.datacoves_dbt(connection_id='a')\ndef f(): pass",
            &["2 conn:a keyword"],
        ),
        ("client.get(connection_id='a')", &[]),
    ]);
}

#[test]
fn constants() {
    table(&[
        ("C = 'a'\nOp(conn_id=C)", &["2 conn:a keyword"]),
        (
            "class C:\n    SNOWFLAKE = 'a'\nOp(conn_id=C.SNOWFLAKE)",
            &["3 conn:a keyword"],
        ),
        (
            "from enum import Enum\nclass C(Enum):\n    X = 'a'\nOp(conn_id=C.X.value)",
            &["4 conn:a keyword"],
        ),
        (
            "D = {'x': 'a'}\nOp(conn_id=D['x'])\nOp(conn_id=D.get('y', 'b'))",
            &["2 conn:a keyword", "3 conn:b keyword"],
        ),
        (
            "for c in ['a', 'b']:\n    Op(conn_id=c)",
            &["2 conn:a keyword", "2 conn:b keyword"],
        ),
        (
            "for n, c in {'x': {'id': 'a'}}.items():\n    Op(conn_id=c['id'])",
            &["2 conn:a keyword"],
        ),
        (
            "[Op(conn_id=f'{c}_db') for c in ('a', 'b')]",
            &["1 conn:a_db keyword", "1 conn:b_db keyword"],
        ),
        (
            "E = 'dev'\nOp(conn_id=f'wh_{E}')\nOp(conn_id='wh_%s' % E)\nOp(conn_id='wh_{}'.format(E))\nOp(conn_id='wh_' + E)",
            &[
                "2 conn:wh_dev keyword",
                "3 conn:wh_dev keyword",
                "4 conn:wh_dev keyword",
                "5 conn:wh_dev keyword",
            ],
        ),
        (
            "Op(conn_id='a' if x else 'b')",
            &["1 conn:a keyword", "1 conn:b keyword"],
        ),
        // the binding that holds where the name is used
        (
            "c = 'a'\nOp(conn_id=c)\nc = 'b'\nOp(conn_id=c)",
            &["2 conn:a keyword", "4 conn:b keyword"],
        ),
        (
            "if x:\n    c = 'a'\n    Op(conn_id=c)\nelse:\n    c = 'b'\n    Op(conn_id=c)\nOp(conn_id=c)",
            &[
                "3 conn:a keyword",
                "6 conn:b keyword",
                "7 conn:a keyword",
                "7 conn:b keyword",
            ],
        ),
        (
            "def name():\n    return 'a'\nOp(conn_id=name())",
            &["3 conn:a keyword"],
        ),
        (
            "Op(conn_id=nobody.knows())",
            &["1 conn:? the result of a call"],
        ),
    ]);
}

#[test]
fn the_environment() {
    let snippet = "import os\nC = os.getenv('C', 'a')\nOp(conn_id=C)\nOp(conn_id=os.environ['D'])\nOp(conn_id=os.environ.get('E') or 'e')";
    assert_eq!(
        found(&[("dags/a.py", snippet)], |_| {}),
        [
            "3 conn:a environment",
            "4 conn:? the environment variable `D`",
            "5 conn:e environment"
        ]
    );
    let known = [("C", "c"), ("D", "d")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(
        found(&[("dags/a.py", snippet)], |options| options
            .environment
            .extend(known)),
        [
            "3 conn:c environment",
            "4 conn:d environment",
            "5 conn:e environment"
        ]
    );
}

#[test]
fn modules_are_followed_though_ignored() {
    let files = [
        (
            "dags/a.py",
            "from airflow import DAG\nfrom utils.alert import CONN, failed\nimport utils.names as n\nOp(conn_id=CONN)\nOp(conn_id=n.OTHER)",
        ),
        (
            "dags/utils/alert.py",
            "CONN = 'a'\ndef failed(context):\n    Hook(slack_conn_id='slack')",
        ),
        ("dags/utils/names.py", "from .alert import CONN as OTHER"),
        ("dags/.airflowignore", "utils"),
    ];
    let expected = [
        "4 conn:a keyword",
        "5 conn:a keyword",
        "dags/utils/alert.py:3 conn:slack keyword",
    ];
    assert_eq!(found(&files, |_| {}), expected);
    assert_eq!(
        found(&files, |options| options.paths = vec!["dags".into()]),
        expected
    );
}

#[test]
fn defaults_of_classes() {
    const S3: &str = "from airflow.providers.amazon.aws.hooks.s3 import S3Hook\n";
    const SNOWFLAKE: &str = "from airflow.providers.snowflake.operators.snowflake import SnowflakeOperator\nfrom airflow import DAG\n";
    let with = |head: &str, rest: &str| format!("{head}{rest}");
    let cases: Vec<(String, &[&str])> = vec![
        (with(S3, "S3Hook()"), &["2 conn:aws_default default implicit"]),
        (with(S3, "S3Hook(None)"), &[]),
        (with(S3, "S3Hook(**args)"), &[]),
        // gone from the latest release
        (with(SNOWFLAKE, "SnowflakeOperator(sql='x')"), &["3 conn:snowflake_default default implicit"]),
        (with(SNOWFLAKE, "with DAG('d', default_args={'snowflake_conn_id': 'a'}):\n    SnowflakeOperator()"), &["3 conn:a mapping"]),
        (with(SNOWFLAKE, "d = DAG('d', default_args={'snowflake_conn_id': 'a'})\nSnowflakeOperator(dag=d)"), &["3 conn:a mapping"]),
        (with(SNOWFLAKE, "SnowflakeOperator.partial(task_id='t').expand(sql=['x'])"), &["3 conn:snowflake_default default implicit"]),
        (with(SNOWFLAKE, "SnowflakeOperator.partial(task_id='t').expand(snowflake_conn_id=['a'])"), &["3 conn:a keyword"]),
        // by the import, not by the name
        ("class SnowflakeOperator(BaseOperator):\n    def __init__(self, snowflake_conn_id='own'): pass\nSnowflakeOperator()".to_owned(), &["2 conn:own default implicit", "3 conn:own default implicit"]),
        (with(SNOWFLAKE, "class Mine(SnowflakeOperator): pass\nMine()"), &["4 conn:snowflake_default default implicit"]),
        (with(SNOWFLAKE, "class Mine(SnowflakeOperator):\n    def __init__(self, **kwargs):\n        super().__init__(snowflake_conn_id='a', **kwargs)\nMine()"), &["5 conn:a keyword"]),
        ("from airflow.providers.slack.notifications.slack import send_slack_notification\nsend_slack_notification(text='x')".to_owned(), &["2 conn:slack_api_default default implicit"]),
    ];
    for (snippet, expected) in cases {
        assert_eq!(
            found(&[("dags/a.py", &snippet)], |_| {}),
            expected,
            "{snippet}"
        );
    }
}

#[test]
fn templates_in_strings() {
    table(&[
        (
            "Op(sql='{{ var.value.a }} {{ conn.b.host }}')",
            &["1 var:a template", "1 conn:b template"],
        ),
        // no DAG in the module, behind a comment of SQL
        ("Q = '''\n-- {{ var.json.a.b }}\n'''", &["2 var:a template"]),
        (
            "Op(sql='{% for k in var.json.a %}{% endfor %}')",
            &["1 var:a template"],
        ),
        (
            "Op(sql=\"{{ var.value.a or 'd' }}{{ var.value.get('b', 'd') }}\")",
            &["1 var:a template", "1 var:b template optional"],
        ),
        // an escape, a continued line: lines are those of the file
        ("Q = 'x\\n\\\ny {{ var.value.a }}'", &["2 var:a template"]),
        (
            "Q = ('x\\n'\n 'y {{ var.value.a }}')",
            &["2 var:a template"],
        ),
        (
            "n = 1\nQ = f'{n} {{{{ var.value.a }}}}'",
            &["2 var:a template"],
        ),
        (
            "K = 'a'\nQ = f'{{{{ var.value.{K} }}}}'",
            &["2 var:a template"],
        ),
        (
            "Q = '{{{{ var.value.{} }}}}'.format('a')",
            &["1 var:a template"],
        ),
        ("Q = '{{ var.value.%s }}' % 'a'", &["1 var:a template"]),
        (
            "def f(k):\n    return f'{{{{ var.value.{k} }}}}'\nf('a')",
            &["2 var:? parameter `k` of `f`", "3 var:a positional"],
        ),
        // a template as an id is not an id of that text
        (
            "Op(conn_id='{{ var.value.a }}')",
            &[
                "1 conn:? a template, rendered at run time",
                "1 var:a template",
            ],
        ),
        (
            "'''{{ var.value.doc }}'''\nDAG(doc_md='{{ var.value.doc }}')",
            &[],
        ),
    ]);
}

#[test]
fn what_get_gives_depends_on_the_release() {
    let snippet = "Q = \"{{ var.value.get('a') }}\"";
    let in_2 = found(&[("dags/a.py", snippet)], |options| {
        options.airflow_version = AirflowVersion::V2_11
    });
    assert_eq!(in_2, ["1 var:a template"]);
    assert_eq!(
        found(&[("dags/a.py", snippet)], |_| {}),
        ["1 var:a template optional"]
    );
}

#[test]
fn template_files() {
    let files = [
        (
            "dags/a.py",
            "DAG('d', template_searchpath='/usr/local/airflow/include/sql')\nOp(sql='a.sql')\nOp(sql=\"{% include 'b.sql' %}\")",
        ),
        ("include/sql/a.sql", "select 1;\n-- {{ var.value.a }}"),
        ("include/sql/b.sql", "{% include 'c.sql' %}"),
        ("include/sql/c.sql", "{{ conn.c.host }}"),
        ("include/sql/unused.sql", "{{ conn.unused.host }}"),
    ];
    assert_eq!(
        found(&files, |_| {}),
        [
            "include/sql/a.sql:2 var:a template_file",
            "include/sql/c.sql:1 conn:c template_file"
        ]
    );
}

#[test]
fn wrappers() {
    table(&[
        (
            "def load(c):\n    PostgresHook(x_conn_id=c)\nload('a')\nload(c='b')",
            &[
                "2 conn:? parameter `c` of `load`",
                "3 conn:a positional",
                "4 conn:b keyword",
            ],
        ),
        // through a class, a second function, and `op_kwargs`
        (
            "from airflow.sdk import Connection\nclass Pool:\n    def __init__(self, name):\n        self.name = name\n    def open(self):\n        return Connection.get(self.name)\nPool('a')",
            &["6 conn:? parameter `name` of `Pool`", "7 conn:a positional"],
        ),
        (
            "from airflow.models import Variable\ndef inner(k):\n    Variable.get(k)\ndef outer(k):\n    inner(k)\nPythonOperator(python_callable=outer, op_kwargs={'k': 'a'})\nPythonOperator(python_callable=outer, op_args=['b'])",
            &[
                "3 var:? parameter `k` of `inner`",
                "6 var:a mapping",
                "7 var:b positional",
            ],
        ),
        (
            "from functools import partial\ndef f(c, context):\n    Hook(slack_conn_id=c)\nDAG(on_failure_callback=partial(f, 'a'))",
            &["3 conn:? parameter `c` of `f`", "4 conn:a positional"],
        ),
        (
            "@task\ndef f(c):\n    Hook(x_conn_id=c)\nf.expand(c=['a', 'b'])",
            &[
                "3 conn:? parameter `c` of `f`",
                "4 conn:a keyword",
                "4 conn:b keyword",
            ],
        ),
        (
            "from dataclasses import dataclass\n@dataclass\nclass C:\n    name: str\n    def open(self):\n        Hook(x_conn_id=self.name)\nC('a')",
            &["6 conn:? field `name` of `C`", "7 conn:a positional"],
        ),
        (
            "def f(c='a'):\n    Hook(x_conn_id=c)",
            &["1 conn:a default implicit", "2 conn:? parameter `c` of `f`"],
        ),
        // a part of an id is not an id
        (
            "from airflow.models import Variable\ndef f(k, p):\n    Variable.get(f'{p}{k}' if p else k)\nf('a', 'b')",
            &["3 var:? a text with parts that are known at run time"],
        ),
        // nobody gives one
        ("def f(c):\n    Hook(x_conn_id=c)\nf(None)", &[]),
    ]);
}

#[test]
fn what_is_not_a_reference() {
    table(&[
        (
            "from airflow.models import Variable\nVariable.set('a', 1)\nVariable.delete('b')",
            &[],
        ),
        (
            "from airflow.models import Connection\nConnection(conn_id='a', conn_type='http')",
            &[],
        ),
        ("new = {'conn_id': 'a', 'conn_type': 'http'}", &[]),
        (
            "from airflow.models import Variable\nv = Variable.get('a', deserialize_json=True)\nv.get('x')",
            &["2 var:a call top_level"],
        ),
        (
            "class Client:\n    def get_connection(self, connection_id): pass\nClient().get_connection('a')",
            &[],
        ),
        ("api = ConnectionApi(client)\napi.get_connection('a')", &[]),
        ("def get_connections(x): pass\nget_connections('a')", &[]),
        ("Op(conn_id=None)", &[]),
        (
            "from airflow.providers.cncf.kubernetes.secret import Secret\nSecret('env', 'A', 'conn', 'b')",
            &[],
        ),
        ("f(select_conn=hook)", &[]),
        (
            "def f():\n    '''conn_id='a' {{ var.value.x }}'''\n    # Variable.get('x')",
            &[],
        ),
        ("import tkinter\ntkinter.Variable.get('a')", &[]),
        (
            "create_connection(conn_id='a')\nsession.query(C).filter_by(conn_id='b')",
            &[],
        ),
    ]);
}

#[test]
fn guarded_look_ups() {
    table(&[
        (
            "from airflow.models import Variable\ntry:\n    Variable.get('a')\nexcept KeyError:\n    pass",
            &["3 var:a call guarded top_level"],
        ),
        (
            "def f():\n    try:\n        BaseHook.get_connection('a')\n    except (ValueError, AirflowNotFoundException):\n        pass",
            &["3 conn:a call guarded"],
        ),
        (
            "def f():\n    try:\n        BaseHook.get_connection('a')\n    except Exception:\n        log()\n        raise",
            &["3 conn:a call"],
        ),
        (
            "def f():\n    try:\n        pass\n    except ValueError:\n        BaseHook.get_connection('a')",
            &["5 conn:a call"],
        ),
        (
            "from contextlib import suppress\nfrom airflow.models import Variable\nwith suppress(KeyError):\n    Variable.get('a')",
            &["4 var:a call guarded top_level"],
        ),
    ]);
}

#[test]
fn looked_up_at_every_parse() {
    table(&[
        (
            "from airflow.models import Variable\n@dag()\ndef d():\n    Variable.get('a')\n    @task\n    def t():\n        Variable.get('b')\n    t()\nd()",
            &["4 var:a call top_level", "7 var:b call"],
        ),
        (
            "from airflow.models import Variable\ndef f():\n    return Variable.get('a')\nx = f()",
            &["3 var:a call top_level"],
        ),
        (
            "from airflow.models import Variable\nx = lambda: Variable.get('a')",
            &["2 var:a call"],
        ),
    ]);
}

#[test]
fn comments_to_secretctl() {
    table(&[
        (
            "Op(conn_id='a')  # secretctl: ignore\nOp(conn_id=f())  # secretctl: ignore",
            &[],
        ),
        (
            "# secretctl: uses conn:a var:b\nOp(conn_id='x')",
            &["1 conn:a declared", "1 var:b declared", "2 conn:x keyword"],
        ),
        ("x = '# secretctl: uses conn:a'", &[]),
    ]);
}

#[test]
fn factories() {
    let dag = "my_dag:\n  default_args:\n    owner: x\n  tasks:\n    - task_id: t\n      operator: airflow.providers.http.operators.http.HttpOperator\n      endpoint: \"{{ var.value.a }}\"\n    - task_id: u\n      operator: airflow.providers.http.operators.http.HttpOperator\n      http_conn_id: b\n";
    let expected = [
        "6 conn:http_default default implicit",
        "7 var:a template",
        "10 conn:b factory",
    ];
    assert_eq!(found(&[("dags/a.yml", dag)], |_| {}), expected);
    let in_folder = found(
        &[("dags/a.yml", dag), ("dags/other.yml", "conn_id: x\n")],
        |options| options.paths = vec!["dags".into()],
    );
    assert_eq!(in_folder.len(), expected.len());
}

#[test]
fn files_that_are_not_read_are_told() {
    let files = [
        (
            "dags/old.py",
            "import airflow # dag\nprint 'x'\nOp(conn_id='a')",
        ),
        ("dags/latin.py", "# airflow dag, coding: none-such\n"),
        (
            "dags/deep.py",
            &*format!("# airflow dag\nx = {}", "[".repeat(5000)),
        ),
        ("dags/not_a_dag.py", "Op(conn_id='not_a_dag')"),
        ("dags/archive.zip", "PK"),
    ];
    let folder = super::folder(&files);
    std::fs::write(folder.path().join("dags/large.py"), vec![b'#'; 9 << 20]).unwrap();
    let base = std::fs::canonicalize(folder.path()).unwrap();
    let scan = scan(&options(&base, &["dags"]));
    let told: Vec<(&str, u32)> = scan
        .unreadable
        .iter()
        .map(|one| (one.file.as_str(), one.line))
        .collect();
    assert_eq!(
        told,
        [
            ("dags/archive.zip", 1),
            ("dags/deep.py", 2),
            ("dags/large.py", 1),
            ("dags/latin.py", 1),
            ("dags/old.py", 2)
        ]
    );
    // the rest of a broken file is read
    let ids: Vec<&str> = scan.references.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(ids, ["a"]);
}

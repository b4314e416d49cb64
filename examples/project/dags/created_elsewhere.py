"""Makes a connection for a demonstration; it uses none."""

from airflow.models import Connection, Variable
from airflow.sdk import DAG, task

with DAG("created_elsewhere"):

    @task
    def make(session):
        session.add(Connection(conn_id="demo", conn_type="http", host="localhost"))
        Variable.set("demo_ready", True)

    make()

"""One way into the warehouse for all DAGs."""

import os

from airflow.providers.postgres.hooks.postgres import PostgresHook

WAREHOUSE = os.getenv("WAREHOUSE_CONN_ID", "warehouse")


def run(sql: str, connection: str = WAREHOUSE):
    return PostgresHook(connection).run(sql)

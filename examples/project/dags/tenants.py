"""One DAG for each tenant; which tenants there are only the variable knows."""

from airflow.models import Variable
from airflow.providers.http.operators.http import HttpOperator
from airflow.sdk import DAG

for tenant in Variable.get("tenants", deserialize_json=True):
    with DAG(f"sync_{tenant}"):
        # secretctl: uses conn:api_acme conn:api_globex
        HttpOperator(task_id="sync", http_conn_id=f"api_{tenant}", endpoint="/sync")

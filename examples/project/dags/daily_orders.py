"""Orders of a day, from the shop into the warehouse."""

from airflow import DAG
from airflow.providers.amazon.aws.transfers.sql_to_s3 import SqlToS3Operator
from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
from common.alerts import tell_team

with DAG(
    "daily_orders",
    schedule="@daily",
    default_args={"conn_id": "warehouse", "on_failure_callback": tell_team},
    template_searchpath="/usr/local/airflow/include/sql",
):
    export = SqlToS3Operator(
        task_id="export",
        query="select * from orders where day = '{{ ds }}'",
        sql_conn_id="shop_db",
        s3_bucket="{{ var.value.orders_bucket }}",
        s3_key="orders/{{ ds }}.csv",
    )
    load = SQLExecuteQueryOperator(task_id="load", sql="load_orders.sql")
    export >> load

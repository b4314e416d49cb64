"""Old reports into cold storage, with the ids that nobody writes down."""

from airflow.providers.amazon.aws.hooks.s3 import S3Hook
from airflow.providers.sftp.operators.sftp import SFTPOperator
from airflow.sdk import DAG, ObjectStoragePath, task

REPORTS = ObjectStoragePath("s3://aws_reports@reports/2024")

with DAG("archive", schedule=None):

    @task
    def move(**context):
        S3Hook().delete_objects("reports", context["params"]["keys"])
        return context["var"]["value"].get("archive_region", "eu-central-1")

    fetch = SFTPOperator(task_id="fetch", ssh_conn_id="partner_sftp", remote_path="/out")
    fetch >> move()

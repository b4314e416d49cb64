"""A DAG that somebody is in the middle of writing; the rest of it is read."""

from airflow.providers.ssh.operators.ssh import SSHOperator

def choose(:
    pass

deploy = SSHOperator(task_id="deploy", ssh_conn_id="bastion", command="make deploy")

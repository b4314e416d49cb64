"""Tells the team when a task fails. Hidden from the scheduler, imported by the DAG files."""

from airflow.providers.slack.hooks.slack_webhook import SlackWebhookHook

ALERTS = "slack_alerts"


def tell_team(context):
    SlackWebhookHook(slack_webhook_conn_id=ALERTS).send(text=f"{context['task_instance']} failed")

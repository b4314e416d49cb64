"""kubernetes_secrets.py SERVER TOKEN NAMESPACE SELECTOR: reads secrets with the official client, as Airflow does."""

import base64
import sys

from kubernetes.client import ApiClient, ApiException, Configuration, CoreV1Api

server, token, namespace, selector = sys.argv[1:]
configuration = Configuration()
configuration.host = server
configuration.api_key = {"authorization": f"Bearer {token}"}
try:
    found = CoreV1Api(ApiClient(configuration)).list_namespaced_secret(
        namespace, label_selector=selector, resource_version="0"
    )
    print(base64.b64decode(found.items[0].data["value"]).decode())
except ApiException as error:
    print("refused:", error.status)

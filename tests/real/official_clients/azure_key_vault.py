"""azure_key_vault.py VAULT_URL SECRET CREDENTIAL...: reads a secret with Azure's own clients.

CREDENTIAL is `secret TENANT CLIENT_ID CLIENT_SECRET`, `certificate TENANT CLIENT_ID PEM_FILE`, `default` or `token TOKEN`.
"""

import sys
import time

from azure.core.credentials import AccessToken
from azure.core.exceptions import AzureError
from azure.identity import CertificateCredential, ClientSecretCredential, DefaultAzureCredential
from azure.keyvault.secrets import SecretClient


class StaticToken:
    """A credential that has its token from somewhere else."""

    def __init__(self, token):
        self.token = token

    def get_token(self, *scopes, **kwargs):
        return AccessToken(self.token, int(time.time()) + 3600)


KINDS = {
    "secret": ClientSecretCredential,
    "certificate": CertificateCredential,
    "default": DefaultAzureCredential,
    "token": StaticToken,
}
vault_url, secret, kind, *arguments = sys.argv[1:]
client = SecretClient(vault_url, KINDS[kind](*arguments), retry_total=0)
try:
    print(client.get_secret(secret).value)
except AzureError as error:
    print("refused:", type(error).__name__)

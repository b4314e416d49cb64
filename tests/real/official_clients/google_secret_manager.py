"""google_secret_manager.py HOST KEY_FILE CREDENTIALS SECRET: reads a secret with Google's own client over REST."""

import json
import sys

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.api_core.exceptions import GoogleAPICallError
from google.auth import jwt
from google.cloud.secretmanager_v1 import SecretManagerServiceClient
from google.cloud.secretmanager_v1.services.secret_manager_service.transports import SecretManagerServiceRestTransport
from google.oauth2 import service_account


def foreign_key():
    """A private key that belongs to nobody."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(*pem).decode()


def credentials(info, which):
    if which == "foreign-key":
        info = {**info, "private_key": foreign_key()}
    if which == "other-account":
        info = {**info, "client_email": "other@proj.iam.gserviceaccount.com"}
    if which == "other-audience":
        return jwt.Credentials.from_service_account_info(info, audience="https://pubsub.googleapis.com/")
    return service_account.Credentials.from_service_account_info(info)


host, key_file, which, secret = sys.argv[1:]
with open(key_file) as file:
    info = json.load(file)
transport = SecretManagerServiceRestTransport(
    host=host, url_scheme="http", credentials=credentials(info, which), always_use_jwt_access=True
)
client = SecretManagerServiceClient(transport=transport)
name = f"projects/{info['project_id']}/secrets/{secret}/versions/latest"
try:
    print(client.access_secret_version(name=name).payload.data.decode())
except GoogleAPICallError as error:
    print("refused:", type(error).__name__)

"""Who asks: the Bearer token of a request, read with the program and the variables with which DIALS reads it."""

import json
from functools import cache

from decouple import config
from jwcrypto.common import JWException
from keycloak import KeycloakOpenID

WORKSPACES = json.loads(config("DJANGO_WORKSPACES"))


@cache
def sso() -> KeycloakOpenID:
    """DIALS makes it at its start; here a lab without an SSO server runs all the rest."""
    return KeycloakOpenID(
        server_url=config("DJANGO_KEYCLOAK_SERVER_URL"),
        realm_name=config("DJANGO_KEYCLOAK_REALM"),
        client_id=config("DJANGO_KEYCLOAK_CLIENT_ID"),
        client_secret_key=config("DJANGO_KEYCLOAK_SECRET_KEY"),
    )


@cache
def public_key() -> str:
    return f"-----BEGIN PUBLIC KEY-----\n{sso().public_key()}\n-----END PUBLIC KEY-----"


def signed_on(request) -> tuple[dict | None, str]:
    """The token's claims, or none and the reason."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind != "Bearer" or not token:
        return None, "no token"
    try:
        return sso().decode_token(token, public_key(), options={"verify_aud": True}), ""
    except (JWException, ValueError) as error:
        return None, type(error).__name__


def workspace_of(claims: dict) -> str:
    """The first workspace whose role the token has, in the order of the settings; else the default."""
    roles = claims.get("cern_roles", [])
    return next((name for name, role in WORKSPACES.items() if role in roles), config("DJANGO_DEFAULT_WORKSPACE"))

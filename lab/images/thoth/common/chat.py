"""Google Chat by its REST interface, with the key of a service account."""

from google.auth.transport.requests import AuthorizedSession
from google.oauth2 import service_account

#: Seconds for Google.
PATIENCE = 15


def post(key_file: str, space: str, text: str, thread: str) -> None:
    """Posts a text to a thread of a space. Raises what Google refuses."""
    scopes = ["https://www.googleapis.com/auth/chat.bot"]
    session = AuthorizedSession(service_account.Credentials.from_service_account_file(key_file, scopes=scopes))
    url = f"https://chat.googleapis.com/v1/{space}/messages"
    answer = session.post(url, params={"threadKey": thread}, json={"text": text}, timeout=PATIENCE)
    answer.raise_for_status()

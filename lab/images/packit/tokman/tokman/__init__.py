"""Takes the place of tokman: hands out tokens of the GitHub App, a new one only when the old one is about to expire."""

import time
from datetime import timezone
from pathlib import Path

from flask import Flask
from github import Auth, GithubException, GithubIntegration
from sqlalchemy import create_engine, text

UPSERT = """INSERT INTO tokens VALUES (:repository, :token, :expires_at)
    ON CONFLICT (repository) DO UPDATE SET token = :token, expires_at = :expires_at"""

application = Flask(__name__)
application.config.from_envvar("TOKMAN_CONFIG")
key = Path(application.config["GITHUB_APP_PRIVATE_KEY"]).read_text()
# PyJWT takes no number for an issuer.
app = GithubIntegration(auth=Auth.AppAuth(str(application.config["GITHUB_APP_ID"]), key))
engine = create_engine(application.config["SQLALCHEMY_DATABASE_URI"])
renew_at = int(application.config.get("TOKEN_RENEW_AT", 60))


@application.get("/api/<namespace>/<repository>")
def access_token(namespace: str, repository: str):
    """A token for a repository, with an hour or less before it."""
    name = f"{namespace}/{repository}"
    with engine.begin() as connection:
        query = text("SELECT token FROM tokens WHERE repository = :name AND expires_at > :soon")
        kept = connection.execute(query, {"name": name, "soon": time.time() + renew_at}).scalar()
        if kept is None:
            try:
                minted = app.get_access_token(app.get_repo_installation(namespace, repository).id)
            except GithubException as error:
                return {"error": f"GitHub refuses a token for {name}: {error.status}"}, 400
            kept = minted.token
            # PyGithub's times are of UTC, some of its versions' without saying so.
            expires_at = minted.expires_at.replace(tzinfo=timezone.utc).timestamp()
            connection.execute(text(UPSERT), {"repository": name, "token": kept, "expires_at": expires_at})
    return {"repository": repository, "namespace": namespace, "access_token": kept}


@application.get("/api/health")
def health():
    return {"message": "ok", "stand-in": "this is not tokman's own"}

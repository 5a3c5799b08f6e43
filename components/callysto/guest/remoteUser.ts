/** Where Apache's module ends a session. */
const logoutPath = "/Shibboleth.sso/Logout";

/**
 * Python: logs in the user whom Apache names. Users' containers reach the hub's port too and could name anybody, so
 * only what comes from one of this machine's own addresses is believed.
 */
export const remoteUserAuthenticator = `
import socket

from jupyterhub.auth import Authenticator
from jupyterhub.handlers import BaseHandler
from jupyterhub.handlers.login import LogoutHandler


class RemoteUserLogin(BaseHandler):
    async def get(self):
        user = await self.login_user({})
        if user is None:
            raise web.HTTPError(403)
        self.redirect(self.get_next_url(user))


class RemoteUserLogout(LogoutHandler):
    async def render_logout_page(self):
        self.redirect("${logoutPath}?return=/logout/")


def is_own(address):
    with socket.socket() as one:
        try:
            one.bind((address, 0))
            return True
        except OSError:
            return False


def from_here(handler):
    return is_own(handler.request.connection.context.address[0])


class RemoteUserAuthenticator(Authenticator):
    auto_login = True

    async def refresh_user(self, user, handler=None):
        # Somebody else has logged in by this browser, or the same person by a new name.
        user_name = handler.request.headers.get("REMOTE_USER") if handler is not None and from_here(handler) else None
        return not user_name or self.normalize_username(user_name) == user.name

    def get_handlers(self, app):
        return [("/login", RemoteUserLogin), ("/logout", RemoteUserLogout)]

    async def authenticate(self, handler, data):
        if not from_here(handler):
            return None
        return handler.request.headers.get("REMOTE_USER") or None

`;

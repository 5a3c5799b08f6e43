import { bridgeAddress } from "./docker.ts";

/** Where Apache's module ends a session. */
const logoutPath = "/Shibboleth.sso/Logout";

/**
 * Python: whoever Apache says is there is logged in. Users' containers reach the hub's port too and could name anybody, so
 * only the proxy on the same machine is believed.
 */
export const remoteUserAuthenticator = `
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


class RemoteUserAuthenticator(Authenticator):
    auto_login = True

    def get_handlers(self, app):
        return [("/login", RemoteUserLogin), ("/logout", RemoteUserLogout)]

    async def authenticate(self, handler, data):
        if handler.request.connection.context.address[0] not in ("127.0.0.1", "${bridgeAddress}"):
            return None
        return handler.request.headers.get("REMOTE_USER") or None

`;

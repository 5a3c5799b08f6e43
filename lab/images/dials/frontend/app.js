/**
 * Takes the place of DIALS' application: signs on with the program that DIALS uses, exchanges the token for one that the API takes,
 * as DIALS' frontend itself does, and shows the histograms of the workspace that the token's roles open.
 */
import Keycloak from "/keycloak/keycloak.js";

const main = document.querySelector("main");

/** What an address answers to a request that must succeed. */
async function answerOf(url, request) {
  const answer = await fetch(url, request);
  if (!answer.ok) throw new Error(`${url} answers ${answer.status}: ${await answer.text()}`);
  return answer.json();
}

try {
  // Compiled in, as by a build of the sources: for one stack, known by its host.
  const env = await import(`/env/${location.hostname}.js`);
  const keycloak = new Keycloak({ url: env.KEYCLOAK_URL, realm: env.KEYCLOAK_REALM, clientId: env.KEYCLOAK_CLIENT_ID });
  await keycloak.init({ onLoad: "login-required", checkLoginIframe: false });
  const exchange = new URLSearchParams({
    grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
    client_id: env.KEYCLOAK_CLIENT_ID,
    audience: env.DIALS_API_AUDIENCE,
    subject_token: keycloak.token,
  });
  const tokens = `${env.KEYCLOAK_URL}/realms/${env.KEYCLOAK_REALM}/protocol/openid-connect/token`;
  const { access_token: token } = await answerOf(tokens, { method: "POST", body: exchange });
  const headers = { Authorization: `Bearer ${token}` };
  const { user, workspace, figures } = await answerOf(`${env.DIALS_API_URL}/stand-in/histograms`, { headers });
  const title = document.createElement("h1");
  title.textContent = `${user} in workspace ${workspace}`;
  main.replaceChildren(title);
  main.insertAdjacentHTML("beforeend", figures);
} catch (error) {
  main.textContent = `No histograms: ${error.message ?? error.error ?? error}`;
}

/** What goes through the tunnels, seen from outside: ultrahook.com, Kafka's topics, the chat, GitHub's deliveries. */
import { createHmac } from "node:crypto";
import { kubeApi, type KubeObject } from "../../kubernetes/api.ts";
import type { LabSettings } from "../../settings.ts";
import type { OwnersHook } from "../github.ts";
import { type Answer, ask } from "../outside.ts";
import { until } from "../until.ts";
import type { ThothAtWork } from "./deploy.ts";
import { repository } from "./steps.ts";
import { organisation, senderAddress } from "./counterparts.ts";

/** An event in the topics of activities and of GitHub. */
export interface RawEvent {
  readonly event_type: string;
  readonly payload: {
    readonly action?: string;
    readonly number?: number;
    readonly issue?: { readonly html_url: string; readonly title: string };
    readonly pull_request?: { readonly html_url: string };
  };
}

/** An event in the topic of the normalizers. */
export interface SocialEvent {
  readonly event_type: string;
  readonly action: string;
  readonly user_name: string;
  readonly repository_url: string;
  readonly pull_request_url: string;
  readonly issue_url: string;
}

const service = "http://www.ultrahook.com/lab/tunnels";

/** Tunnels whose clients are connected to ultrahook.com, as `subdomain.account`. */
export async function connectedTunnels(lab: LabSettings): Promise<readonly string[]> {
  const { status, body } = await ask(lab, service);
  return status === 200 ? (JSON.parse(body) as string[]) : [];
}

/** Waits until tunnels have clients. @throws if one does not come */
export const tunnelsConnected = (lab: LabSettings, wanted: readonly string[]): Promise<readonly string[]> =>
  // The kubelet lets a client that has ended several times wait for minutes.
  until(`the clients of ${wanted.join(", ")}`, 400, async () => {
    const found = await connectedTunnels(lab);
    return wanted.every((one) => found.includes(one)) ? found : undefined;
  });

/** ultrahook.com ends a client's stream. */
export async function cutTunnel(lab: LabSettings, tunnel: string): Promise<void> {
  const { body } = await ask(lab, `${service}?name=${tunnel}`, { method: "DELETE" });
  if (body !== "true") throw new Error(`ultrahook.com has no client for ${tunnel}`);
}

/** Sends an event as GitHub would, signed with a secret. */
export function sendEvent(lab: LabSettings, url: string, secret: string, event: object): Promise<Answer> {
  const body = JSON.stringify(event);
  const signature = `sha1=${createHmac("sha1", secret).update(body).digest("hex")}`;
  const headers = { "content-type": "application/json", "x-github-event": "issues", "x-hub-signature": signature };
  return ask(lab, url, { method: "POST", headers, body });
}

/** An issue's event as far as the bots read it. */
export const issueEvent = (title: string): object => {
  const html_url = `https://github.com/${repository}/issues/0`;
  const time = new Date().toISOString();
  return {
    action: "opened",
    issue: { html_url, title, created_at: time, updated_at: time },
    repository: { html_url: `https://github.com/${repository}` },
    sender: { login: "mallory" },
  };
};

/** Public address of a Route. */
export async function routeOf(
  { lab }: { readonly lab: LabSettings },
  namespace: string,
  name: string,
): Promise<string> {
  interface Route extends KubeObject {
    readonly spec: { readonly host: string; readonly tls?: object };
  }
  const at = `/apis/route.openshift.io/v1/namespaces/${namespace}/routes/${name}`;
  const { spec } = await kubeApi(lab).get<Route>(at);
  return `${spec.tls === undefined ? "http" : "https"}://${spec.host}`;
}

/** What was said in the bots' chat. */
export async function chatOf(lab: LabSettings, { chat }: ThothAtWork): Promise<readonly string[]> {
  const { status, body } = await ask(lab, `https://chat.googleapis.com/v1/${chat}/messages`);
  if (status !== 200) return [];
  return (JSON.parse(body) as { readonly messages: readonly { readonly text: string }[] }).messages.map(
    ({ text }) => text,
  );
}

/** A message of the chat, once it is there. @throws if it does not come */
export const saidInChat = (lab: LabSettings, thoth: ThothAtWork, part: string): Promise<string> =>
  until(`"${part}" in the chat`, 60, async () => (await chatOf(lab, thoth)).find((text) => text.includes(part)));

/** The alert of Alertmanager, sent to Sesheta's tunnel. */
export function sendAlert(lab: LabSettings, alertname: string): Promise<Answer> {
  const body = JSON.stringify({
    status: "firing",
    commonLabels: { alertname, instance: "node-0", job: "kubelet" },
    commonAnnotations: { severity: "warning" },
    externalURL: "https://alertmanager.lab.test",
  });
  return ask(lab, `${senderAddress("sesheta")}/prometheus`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
}

/** The organisation's webhook to webhook2kafka's tunnel. */
export const hookOf = ({ alice, hook }: ThothAtWork): OwnersHook => ({ owner: alice, organisation, hook });

/** A review of a pull request. */
export interface Review {
  readonly user: { readonly login: string };
  readonly state: string;
  readonly body: string;
}

/** The Review Manager's review of a pull request, once it is there. @throws if it does not come */
export const reviewByBot = ({ alice }: ThothAtWork, number: number): Promise<Review> =>
  until(`the Review Manager's review of pull request ${number}`, 90, async () => {
    const all = await alice.get<readonly Review[]>(`/repos/${repository}/pulls/${number}/reviews`);
    return all.find(({ user }) => user.login.endsWith("[bot]"));
  });

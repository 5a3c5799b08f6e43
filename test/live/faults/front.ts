/** Proxies in front of every API of the lab that the program asks, and what is done to the requests that go through them. */
import { readFileSync } from "node:fs";
import { labKubeconfig } from "../../../lab/retarget.ts";
import { samplePassphrase } from "../../../config/samples.ts";
import { openSalt } from "../../../config/passphrase.ts";
import { setAt, setSecret } from "../../../config/stackEdit.ts";
import { readStackFile } from "../../../config/stackFile.ts";
import { files } from "../../../lab/kubernetes/files.ts";
import type { LabSettings } from "../../../lab/settings.ts";
import { type Fault, openProxy, type Proxy } from "./proxy.ts";
import { type Asked, faultOf, requestKind, type FaultProfile } from "./faultProfile.ts";

/** OpenStack's services that the program asks, by their names in the lab. */
export const openstackServices = ["keystone", "glance", "nova", "neutron", "cinder", "designate"] as const;

/** A rule for requests; the first that says something holds. */
export type Rule = (asked: Asked) => Fault | undefined;

/** The proxies of one stack; no fault until one is asked for. */
export class Front {
  readonly authUrl: string;
  readonly kubernetesUrl: string;
  /** The faults injected so far, a line each. */
  readonly injected: string[] = [];
  /** The last token of OpenStack that was seen. */
  token: string | undefined;
  private rule: Rule = () => undefined;
  private readonly proxies: readonly Proxy[];

  private constructor(proxies: readonly Proxy[], authUrl: string, kubernetesUrl: string) {
    this.proxies = proxies;
    this.authUrl = authUrl;
    this.kubernetesUrl = kubernetesUrl;
  }

  /** Opens a proxy for each API. */
  static async open(lab: LabSettings): Promise<Front> {
    const { certificate, certificateKey } = files(lab);
    const tls = { cert: readFileSync(certificate, "utf8"), key: readFileSync(certificateKey, "utf8") };
    const opened: { front?: Front } = {};
    const urls = new Map<string, string>();
    const open = async (service: (typeof openstackServices)[number] | "kubernetes"): Promise<Proxy> => {
      const scheme = service === "kubernetes" ? "https" : "http";
      const upstream = `${scheme}://127.0.0.1:${lab.ports[service]}`;
      // Keystone's catalog names the others' addresses.
      const rewrite = (body: string): string =>
        [...urls].reduce((text, [from, to]) => text.replaceAll(new RegExp(`${from}(?!\\d)`, "g"), to), body);
      const proxy = await openProxy(
        upstream,
        (method, path, { "x-auth-token": token }) => opened.front?.fault({ service, method, path }, String(token)),
        { ...(service === "keystone" ? { rewrite } : {}), ...(service === "kubernetes" ? { tls } : {}) },
      );
      urls.set(upstream, proxy.url);
      return proxy;
    };
    const [kubernetes, keystone, ...others] = await Promise.all(
      (["kubernetes", ...openstackServices] as const).map(open),
    );
    if (kubernetes === undefined || keystone === undefined) throw new Error("no proxies");
    opened.front = new Front([kubernetes, keystone, ...others], `${keystone.url}/v3`, kubernetes.url);
    return opened.front;
  }

  /** From now on, what the rule says. */
  begin(rule: Rule): void {
    this.injected.length = 0;
    this.rule = rule;
  }

  /** From now on, faults that this seed draws. */
  storm(seed: string, profile: FaultProfile): void {
    const seen = new Map<string, number>();
    this.begin((asked) => {
      const kind = requestKind(asked);
      const nth = seen.get(kind) ?? 0;
      seen.set(kind, nth + 1);
      return faultOf(seed, profile, asked, nth);
    });
  }

  /** The faults are gone. */
  calm(): void {
    this.rule = () => undefined;
  }

  /** A stack's file that names the proxies instead of the lab. */
  aimed(text: string, file: string, lab: LabSettings): string {
    const { encryptionSalt = "", entries } = readStackFile(file);
    const crypter = openSalt(encryptionSalt, samplePassphrase("test"));
    const direct = `https://127.0.0.1:${lab.ports.kubernetes}`;
    const kubeconfig = labKubeconfig(lab).replace(direct, this.kubernetesUrl);
    const clouds = Object.keys(JSON.parse(entries.get("clouds:settings")?.value ?? "{}") as object);
    const clusters = [...entries.keys()].filter((key) => key.startsWith("clusters:") && key !== "clusters:settings");
    const withClouds = clouds.reduce(
      (so, cloud) => setAt(so, ["config", "clouds:settings", cloud, "authUrl"], this.authUrl),
      text,
    );
    return clusters.reduce((so, key) => setSecret(so, key, crypter.encrypt(kubeconfig)), withClouds);
  }

  async close(): Promise<void> {
    await Promise.all(this.proxies.map((proxy) => proxy.close()));
  }

  private fault(asked: Asked, token: string): Fault | undefined {
    if (token.startsWith("gAAAA")) this.token = token;
    const fault = this.rule(asked);
    if (fault !== undefined) this.injected.push(`${requestKind(asked)}: ${faultText(fault)}`);
    return fault;
  }
}

function faultText(fault: Fault): string {
  if (fault.kind === "status") return `${fault.status}${fault.done ? " though it was done" : ""}`;
  if (fault.kind === "reset") return fault.done ? "reset though it was done" : "reset";
  return fault.kind;
}

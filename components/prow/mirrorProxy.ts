import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import { PersistentVolumeClaim } from "../../blocks/kubernetes/persistentVolumeClaim.ts";
import { ConfigMap } from "../../blocks/kubernetes/configMap.ts";
import { anywhere, pods } from "../../blocks/kubernetes/networkPolicy.ts";
import { soon, tcp } from "../../blocks/kubernetes/probe.ts";
import { ServiceSecret } from "../../blocks/kubernetes/secret.ts";
import { type ProwContext, tolerates } from "./context.ts";
import { named } from "./names.ts";
import { nginxSize } from "./sizes.ts";
import { ProwComponent } from "./component.ts";

/** Days that the authority is good for; jobs read it at each start, so renewal only takes an `up`. */
const validDays = 1300;
const renewDays = 90;

/** Large layers are slow. */
const timeouts = [
  ...["PROXY_READ_TIMEOUT", "PROXY_CONNECT_TIMEOUT", "PROXY_SEND_TIMEOUT", "PROXY_CONNECT_READ_TIMEOUT"],
  ...["PROXY_CONNECT_CONNECT_TIMEOUT", "PROXY_CONNECT_SEND_TIMEOUT"],
  ...["SEND_TIMEOUT", "CLIENT_BODY_TIMEOUT", "CLIENT_HEADER_TIMEOUT"],
];

/** A cache of Docker Hub, k8s.gcr.io, gcr.io and quay.io: jobs send all pulls through it and trust its authority. */
export class MirrorProxy extends pulumi.ComponentResource {
  constructor(name: string, context: ProwContext, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:prow:MirrorProxy", name, {}, opts);
    const { namespace, jobs, settings } = context;
    const { protect, retainOnDelete, mirrorProxy } = settings;
    const labels = { app: "docker-mirror-proxy" };
    const authority = this.authority(name);
    const [crt] = [namespace, jobs].map(
      (where, index) =>
        new ConfigMap(
          `${name}-${index === 0 ? "prow" : "jobs"}-crt`,
          {
            namespace: where,
            name: named(settings, "mirror-proxy-config"),
            labels,
            data: { "ca.crt": authority.crt },
            restartOnChange: index === 0,
          },
          { parent: this },
        ),
    );
    if (crt === undefined) throw new Error("the proxy has no certificate");
    const key = new ServiceSecret(
      name,
      { namespace, name: named(settings, "docker-mirror-proxy"), labels, values: { "ca.key": authority.key } },
      { parent: this },
    );
    const claim = new PersistentVolumeClaim(
      name,
      {
        namespace,
        name: named(settings, "docker-mirror-proxy"),
        labels,
        size: mirrorProxy.size,
        ...(mirrorProxy.storageClass === undefined ? {} : { storageClass: mirrorProxy.storageClass }),
        ...(mirrorProxy.accessMode === undefined ? {} : { accessModes: [mirrorProxy.accessMode] }),
        retention: { protect, retainOnDelete },
      },
      { parent: this },
    );
    new ProwComponent(
      name,
      {
        context,
        name: "docker-mirror-proxy",
        env: {
          CACHE_MAX_SIZE: nginxSize(mirrorProxy.size),
          ENABLE_MANIFEST_CACHE: "true",
          ALLOW_PUSH: "true",
          ...Object.fromEntries(timeouts.map((timeout) => [timeout, "1200s"])),
        },
        mounts: {
          "/docker_mirror_cache": claim.mount({ volume: "storage" }),
          "/ca/ca.crt": crt.mount({ volume: "ca-public", subPath: "ca.crt" }),
          "/ca/ca.key": key.mount({ volume: "ca-private", subPath: "ca.key" }),
        },
        runAs: {},
        // nginx gives its folders to a user of its own, becomes that user, and listens on 80 and 443 inside.
        capabilities: ["CHOWN", "SETGID", "SETUID", "NET_BIND_SERVICE"],
        exceptions: {
          capabilities: "nginx starts as root and becomes a user of its own",

          "run-as-root": "the image's start script is root's",
          "writable-root": "the start script writes nginx' configuration and certificates",
        },
        // Two of them would not share the volume.
        strategy: "Recreate",
        graceSeconds: 180,
        tolerations: [tolerates("cachenode")],
        resources: { cpu: ["300m", "1"], memory: "3Gi" },
        ports: { http: 3128 },
        probes: { readiness: tcp("http", soon) },
        service: { ports: { http: { port: 3128 } } },
        ingress: [pods({}, [3128], settings.namespaces.jobs)],
        egress: [anywhere(443, 80)],
      },
      { parent: this },
    );
    this.registerOutputs({});
  }

  /** The proxy's own authority, which signs the certificates that it presents in place of the registries. */
  private authority(name: string): { readonly key: pulumi.Output<string>; readonly crt: pulumi.Output<string> } {
    const key = new tls.PrivateKey(`${name}-ca-key`, { algorithm: "RSA", rsaBits: 4096 }, { parent: this });
    const crt = new tls.SelfSignedCert(
      `${name}-ca`,
      {
        privateKeyPem: key.privateKeyPem,
        subject: { commonName: "docker-mirror-proxy", organization: "KubeVirt Prow" },
        isCaCertificate: true,
        validityPeriodHours: validDays * 24,
        earlyRenewalHours: renewDays * 24,
        allowedUses: ["cert_signing", "crl_signing", "digital_signature"],
      },
      { parent: this },
    );
    return { key: key.privateKeyPem, crt: crt.certPem };
  }
}

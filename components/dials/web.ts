import * as pulumi from "@pulumi/pulumi";
import { PublicEndpoint } from "../../blocks/kubernetes/publicEndpoint.ts";
import type { Service } from "../../blocks/kubernetes/service.ts";
import { scratch } from "../../blocks/kubernetes/volume.ts";
import { Backend, webPortName } from "./backend.ts";
import type { DialsConfig } from "./config.ts";
import { Frontend } from "./frontend.ts";
import { type DialsContext, selector, serviceLabels } from "./context.ts";
import type { Passwords } from "./generated.ts";
import { Redis } from "./redis.ts";

/** What {@link Web} needs. */
export interface WebArgs {
  readonly context: DialsContext;
  readonly config: DialsConfig;
  readonly passwords: Passwords;
  readonly databaseUri: pulumi.Input<string>;
  /** What the databases must have been through before the API reads them. */
  readonly after: readonly pulumi.Resource[];
}

/** What users see: API, web application, their public names, and the cache behind. */
export class Web extends pulumi.ComponentResource {
  readonly frontendUrl: string;
  readonly apiUrl: string;

  constructor(name: string, args: WebArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:dials:Web", name, {}, opts);
    const { context, config, passwords } = args;
    const { settings } = config;
    const cache = new Redis(
      `${name}-cache`,
      {
        context,
        name: "redis-web-cache",
        use: { keeps: false, appendOnly: false, maxMemoryMiB: 768 },
        password: passwords.cache,
        data: scratch({ volume: "redis-data", size: "64Mi" }),
        clients: selector("backend"),
      },
      { parent: this },
    );
    const backend = new Backend(
      `${name}-backend`,
      {
        context,
        secrets: config.secrets,
        apiClients: config.keyedSecrets.apiClients,
        signingKey: passwords.django,
        cacheUrl: cache.url(0),
        databaseUri: args.databaseUri,
      },
      { parent: this, dependsOn: [cache, ...args.after] },
    );
    const frontend = new Frontend(`${name}-frontend`, { context }, { parent: this });

    const expose = (route: string, host: string, service: Service): string =>
      new PublicEndpoint(
        `${name}-${route}`,
        {
          namespace: context.namespace,
          name: route,
          labels: serviceLabels(route),
          service,
          port: webPortName,
          host,
          tls: { termination: "edge", insecure: "Redirect" },
          timeoutSeconds: settings.web.routeTimeoutSeconds,
          // An empty list, written down, is what opens a Route of CERN's to the world.
          allowFrom: settings.exposure.to === "internet" ? [] : settings.exposure.ranges,
        },
        { parent: this },
      ).url;
    this.apiUrl = expose("dials-backend", settings.apiHost, backend.service);
    this.frontendUrl = expose("dials-frontend", settings.frontendHost, frontend.service);
    this.registerOutputs({ apiUrl: this.apiUrl, frontendUrl: this.frontendUrl });
  }
}

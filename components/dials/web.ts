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

export interface WebArgs {
  readonly context: DialsContext;
  readonly secrets: DialsConfig["secrets"];
  /** API client -> its secret. */
  readonly apiClients: DialsConfig["keyedSecrets"]["apiClients"];
  readonly passwords: Passwords;
  readonly databaseUri: pulumi.Input<string>;
  /** Done before the API starts: the migrations. */
  readonly after: readonly pulumi.Resource[];
}

/** The public side: API, web application, their Routes, and the cache. */
export class Web extends pulumi.ComponentResource {
  readonly frontendUrl: string;
  readonly apiUrl: string;

  constructor(name: string, args: WebArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:dials:Web", name, {}, opts);
    const { context, secrets, apiClients, passwords } = args;
    const { settings } = context;
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
        secrets,
        apiClients,
        signingKey: passwords.django,
        cacheUrl: cache.url(0),
        databaseUri: args.databaseUri,
      },
      { parent: this, dependsOn: [cache, ...args.after] },
    );
    const frontend = new Frontend(`${name}-frontend`, context, { parent: this });

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
          // On CERN's OpenShift an explicit empty list opens a Route to the Internet.
          allowFrom: settings.exposure.to === "internet" ? [] : settings.exposure.ranges,
        },
        { parent: this },
      ).url;
    this.apiUrl = expose("dials-backend", settings.apiHost, backend.service);
    this.frontendUrl = expose("dials-frontend", settings.frontendHost, frontend.service);
    this.registerOutputs({ apiUrl: this.apiUrl, frontendUrl: this.frontendUrl });
  }
}

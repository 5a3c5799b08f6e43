/** Logins to container registries, where docker and podman keep them. */
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { z } from "zod";
import { output } from "../process.ts";

/** A user with a password or token. */
export interface Login {
  readonly user: string;
  readonly password: string;
}

/** The login to a registry by its host, if there is one. */
export type Logins = (host: string) => Promise<Login | undefined>;

const config = z.object({
  auths: z.record(z.string(), z.object({ auth: z.string().optional() })).default({}),
  credHelpers: z.record(z.string(), z.string()).default({}),
  credsStore: z.string().optional(),
});
const helped = z.object({ Username: z.string(), Secret: z.string() });

/** Where the programs look, the first that exists. */
function configFile(env: NodeJS.ProcessEnv): string | undefined {
  const places = [
    env.REGISTRY_AUTH_FILE,
    env.XDG_RUNTIME_DIR === undefined ? undefined : path.join(env.XDG_RUNTIME_DIR, "containers", "auth.json"),
    path.join(env.DOCKER_CONFIG ?? path.join(homedir(), ".docker"), "config.json"),
  ];
  return places.find((file) => file !== undefined && existsSync(file));
}

/** Reads the logins of `docker login` or `podman login`. @throws without a word of the file, if it is damaged */
export function readLogins(env: NodeJS.ProcessEnv = process.env): Logins {
  const file = configFile(env);
  if (file === undefined) return () => Promise.resolve(undefined);
  const { auths, credHelpers, credsStore } = readConfig(file);
  return async (host) => {
    // Docker Hub has an address of its own there, and other registries may be written as URLs.
    const names =
      host === "registry-1.docker.io" ? ["https://index.docker.io/v1/", "docker.io"] : [host, `https://${host}`];
    const auth = names.map((name) => auths[name]?.auth).find((text) => text !== undefined && text !== "");
    if (auth !== undefined) {
      const [user = "", ...password] = Buffer.from(auth, "base64").toString().split(":");
      return { user, password: password.join(":") };
    }
    const known = names.find((name) => name in credHelpers || name in auths);
    const helper = known === undefined ? undefined : (credHelpers[known] ?? credsStore);
    if (known === undefined || helper === undefined) return undefined;
    const said = await output(`docker-credential-${helper}`, ["get"], { input: known });
    return loginOf(said, helper);
  };
}

/** A helper's answer. @throws without quoting it */
function loginOf(said: string, helper: string): { user: string; password: string } {
  try {
    const { Username, Secret } = helped.parse(JSON.parse(said));
    return { user: Username, password: Secret };
  } catch {
    throw new Error(`docker-credential-${helper} answers no login as docker reads it; log in again`);
  }
}

function readConfig(file: string): z.infer<typeof config> {
  try {
    return config.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    throw new Error(`${file} is no file of logins as docker and podman write it; remove it, or log in again`);
  }
}

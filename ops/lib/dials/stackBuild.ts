/** The Dockerfile that builds the frontend for one stack: DIALS' own, with another env.js written before the build. */
import type { DialsSettings } from "../../../components/dials/config.ts";
import { environmentModule, environmentNames } from "../../../components/dials/frontendBuild.ts";

/** Where DIALS' Dockerfile has the sources, and the line that compiles them. */
const target = "/usr/src/app/frontend/src/config/env.js";
const compile = /^RUN yarn build$/gm;

/** Text of the Dockerfile. @throws if the checkout is not one that this fits, naming what is different */
export function stackDockerfile(
  stack: string,
  settings: DialsSettings,
  texts: { readonly dockerfile: string; readonly environment: string },
): string {
  const exported = [...texts.environment.matchAll(/^export const (\w+)/gm)].map(([, name = ""]) => name);
  const other = [
    ...exported.filter((name) => !(environmentNames as readonly string[]).includes(name)),
    ...environmentNames.filter((name) => !exported.includes(name)),
  ];
  if (other.length > 0) {
    throw new Error(
      `frontend/src/config/env.js of this checkout differs from that of DIALS 1.12 in ${other.join(", ")}; components/dials/frontendBuild.ts must follow`,
    );
  }
  if (texts.dockerfile.match(compile)?.length !== 1) {
    throw new Error("frontend/Dockerfile.prod of this checkout does not have the one line `RUN yarn build`");
  }
  const content = Buffer.from(environmentModule(stack, settings)).toString("base64");
  return texts.dockerfile.replace(compile, (line) => `RUN echo ${content} | base64 -d > ${target}\n${line}`);
}

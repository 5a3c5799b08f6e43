/** Images of Thoth's bots that take webhooks, and of their tunnel's client: real libraries, with programs of our own in place of theirs. */
import { type Recipe, searchPath, users } from "./recipes.ts";
import { home, s2iImage, text } from "./s2i.ts";

const flask = ["Flask==3.0.3", "Werkzeug==3.0.6"];
const google = ["google-auth==2.35.0", "requests==2.32.3"];
const chat = { "chat.py": text("common", "chat.py") };

const sesheta = s2iImage({
  name: "sesheta",
  images: ["sesheta"],
  program: "gunicorn 22.0.0, Flask 3.0.3 and google-auth 2.35.0 of PyPI; a receiver of our own",
  python: ["gunicorn==22.0.0", ...flask, ...google],
  sources: { ...chat, "wsgi.py": text("sesheta", "wsgi.py") },
});

const webhook2kafka = s2iImage({
  name: "webhook2kafka",
  images: ["webhook2kafka"],
  program: "Flask 3.0.3 and kafka-python 1.4.6 of PyPI; a receiver of our own",
  python: [...flask, "kafka-python==1.4.6"],
  sources: { "webhook2kafka.py": text("webhook2kafka", "webhook2kafka.py") },
});

const normalizers = s2iImage({
  name: "normalizers",
  images: ["normalizers"],
  program: "faust-streaming 0.15.3 of PyPI; agents of our own",
  python: ["faust-streaming==0.15.3"],
  sources: {
    "normalizers.py": text("normalizers", "normalizers.py"),
    "normalizers.sh": text("normalizers", "normalizers.sh"),
  },
});

const reviewManager = s2iImage({
  name: "review-manager",
  images: ["sefkhet-abwy-webhook-receiver"],
  program: "octomachinery 0.3.6 and google-auth 2.35.0 of PyPI; handlers of our own",
  python: ["octomachinery==0.3.6", "gidgethub==5.2.1", "anyio==1.4.0", "setuptools==79.0.1", ...google],
  sources: { ...chat, "review-manager": text("reviewManager", "review-manager.py") },
});

const ultrahook: Recipe = {
  name: "ultrahook",
  images: ["ultrahook"],
  program: "Ruby 3.1 of Debian 12; a client of our own",
  packages: ["bash", "coreutils", "ruby3.1"],
  files: {
    "/tmp/scripts/run": text("ultrahook", "run"),
    [`${home}/src/ultrahook.rb`]: text("ultrahook", "ultrahook.rb"),
    "/etc/passwd": users({ default: 1001 }),
  },
  checked: true,
  script: `
    ln -sf bash bin/sh
    ln -sf ruby3.1 usr/bin/ruby
    chmod 1777 tmp`,
  config: { Entrypoint: ["/tmp/scripts/run"], User: "1001", Env: [searchPath], WorkingDir: `${home}/src` },
};

/** Built when a demonstration needs them: elsewhere nothing is at the other end, and stand-ins look at what the containers have. */
export const botRecipes: readonly Recipe[] = [sesheta, webhook2kafka, normalizers, reviewManager, ultrahook];

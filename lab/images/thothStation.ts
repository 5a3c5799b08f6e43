/** Images of the station's programs on the way of a request for advice, and of an object store: Thoth's real libraries, programs of our own. */
import { pydgraph } from "./dgraph.ts";
import { type Recipe, searchPath, withTmp } from "./recipes.ts";
import { s2iImage, text } from "./s2i.ts";

/** What the programs' lock files of September 2019 name, with companions that Debian's Python takes: setuptools before 66 knows versions such as "*". */
const common = [
  ...["thoth-common==0.9.8", "openshift==0.8.0", "kubernetes==8.0.2", "urllib3==1.26.20", "requests==2.31.0"],
  ...["sentry-sdk==1.45.1", "setuptools==65.5.1", "packaging==21.3"],
];
const storages = [
  ...[...common, "thoth-storages==0.18.6", "thoth-python==0.6.3", "thoth-analyzer==0.1.2", "amun==0.3.0"],
  ...pydgraph,
];
const flask = ["Flask==3.0.3", "Werkzeug==3.0.6", "gunicorn==22.0.0"];
const source = (name: string): string => text("station", `${name}.py`);
/** Which system it is, and what grpcio needs. */
const packages = ["base-files", "libstdc++6", "mawk"];

/** Built when a demonstration needs them: elsewhere there is no object store, and stand-ins look at what the containers have. */
export const stationRecipes: readonly Recipe[] = [
  s2iImage({
    name: "user-api",
    images: ["user-api"],
    program:
      "gunicorn 22.0.0, Flask 3.0.3, thoth-common 0.9.8 and thoth-storages 0.18.6 of PyPI; an interface of our own",
    ...{ packages, python: [...storages, ...flask] },
    sources: { "thoth/user_api/openapi_server.py": source("user_api") },
  }),
  s2iImage({
    name: "result-api",
    images: ["result-api"],
    program: "gunicorn 22.0.0, Flask 3.0.3 and thoth-storages 0.18.6 of PyPI; an interface of our own",
    ...{ packages, python: [...storages, ...flask] },
    sources: { "wsgi.py": source("result_api") },
  }),
  s2iImage({
    name: "workload-operator",
    images: ["workload-operator"],
    program: "thoth-common 0.9.8 of PyPI; a watch of our own",
    python: common,
    sources: { "app.py": source("workload_operator") },
  }),
  s2iImage({
    name: "graph-sync-scheduler",
    images: ["graph-sync-scheduler"],
    program: "thoth-common 0.9.8 of PyPI; a watch of our own",
    python: common,
    sources: { "app.py": source("graph_sync_scheduler") },
  }),
  s2iImage({
    name: "adviser",
    images: ["adviser"],
    program: "thoth-analyzer 0.1.2 of PyPI; advice of our own",
    ...{ packages, python: [...common, "thoth-analyzer==0.1.2"] },
    sources: { "app.py": source("adviser") },
  }),
  s2iImage({
    name: "init-job",
    images: ["init-job"],
    program: "thoth-storages 0.18.6 and pydgraph 2.0.3 of PyPI; a start of our own",
    ...{ packages, python: storages },
    sources: { "app.py": source("init_job") },
  }),
  s2iImage({
    name: "graph-sync-job",
    images: ["graph-sync-job"],
    program: "thoth-storages 0.18.6 and pydgraph 2.0.3 of PyPI; a start of our own",
    ...{ packages, python: storages },
    sources: { "app.py": source("graph_sync_job") },
  }),
];

/** Reference of the object store's image. */
export const storeImage = "orrery.lab/s3:1";

/** S3 in a program's memory; it takes any key. */
export const store: Recipe = {
  name: "s3",
  references: [storeImage],
  program: "moto 5.2.5 of PyPI",
  packages: ["coreutils", "dash", "python3"],
  python: ["moto[s3]==5.2.5", "Flask==3.0.3", "Werkzeug==3.0.6", "flask-cors==5.0.0"],
  script: `
    ln -sf dash bin/sh
    ${withTmp}`,
  config: {
    Entrypoint: ["moto_server"],
    User: "65532:65532",
    Env: [`${searchPath}:/opt/python/bin`, "PYTHONPATH=/opt/python", "PYTHONUNBUFFERED=1"],
  },
};

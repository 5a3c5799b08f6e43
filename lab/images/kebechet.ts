/** The image of Kebechet: the program of PyPI, on Debian's Python. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { type Recipe, searchPath, trustAuthorities } from "./recipes.ts";

const folder = path.join(import.meta.dirname, "thoth", "kebechet");

/**
 * What Kebechet imports. Its own and Thoth's packages, ogr and PyGithub have the versions of its lock file; of the others those that
 * have wheels for Python 3.11, instead of 3.8, which Debian does not have. pip resolves nothing, as some packages name older ones.
 */
const packages = `
  aiohappyeyeballs==2.4.4 aiohttp==3.10.11 aiosignal==1.3.2 argo-workflows==2.1.4 attrdict3==2.0.2
  attrs==24.2.0 beautifulsoup4==4.12.3 cachetools==5.5.0 certifi==2026.10.19.post1
  cffi==1.17.1 charset-normalizer==3.4.0 click==7.1.2 colorama==0.4.3 commonmark==0.9.1 cryptography==42.0.8
  daiquiri==2.1.1 delegator.py==0.1.1 Deprecated==1.2.10 distro==1.9.0 fasttext-wheel==0.9.2
  frozenlist==1.5.0 gitdb==4.0.5 GitPython==3.1.8 google-auth==2.35.0 idna==2.10 invectio==0.0.7
  jsonformatter==0.3.0 kebechet==1.0.9 kubernetes==24.2.0 lxml==5.3.0 mock==5.2.0
  multidict==6.1.0 numpy==1.26.4 oauthlib==3.2.2 ogr==0.15.0 openshift==0.13.2 packaging==20.4
  pandas==2.2.3 pexpect==4.8.0 propcache==0.2.1 ptyprocess==0.6.0 pyasn1==0.6.1
  pyasn1_modules==0.4.1 pycparser==2.22 pyelftools==0.31 pygit2==1.13.3 PyGithub==1.53 PyJWT==1.7.1
  pyparsing==2.4.7 python-dateutil==2.8.1 python-gitlab==2.5.0 python-json-logger==0.1.11 pytz==2020.1
  PyYAML==6.0.2 requests-oauthlib==2.0.0 requests==2.32.3 rfc5424-logging-handler==1.4.3 rsa==4.9
  ruamel.yaml==0.17.21 semver==2.10.2 sentry-sdk==0.17.7 setuptools==75.0.0 six==1.16.0 smmap==3.0.4
  soupsieve==2.6 termcolor==1.1.0 thamos==1.0.0 thoth-analyzer==0.1.8 thoth-common==0.19.0 thoth-glyph==0.1.4
  thoth-python==0.10.1 thoth-sourcemanagement==0.3.2 toml==0.10.1 tzdata==2024.2 tzlocal==2.1
  urllib3==1.26.20 websocket-client==1.8.0 wrapt==1.16.0 yarl==1.18.3 yaspin==1.0.0
`;

/** Managers that call pipenv (update, info, pipfile-requirements) do not work in it: pipenv is not there. */
export const kebechet: Recipe = {
  name: "kebechet",
  images: ["kebechet-job"],
  program: "Kebechet 1.0.9 of PyPI, without pipenv; start script of our own",
  packages: [
    ...["bash", "ca-certificates", "coreutils", "git", "libc-bin", "openssh-client", "python3", "python3-distutils"],
    "libstdc++6",
  ],
  python: ["--no-deps", ...packages.trim().split(/\s+/)],
  files: {
    "/home/user/app.sh": readFileSync(path.join(folder, "app.sh"), "utf8"),
    "/etc/passwd": "root:x:0:0::/root:/bin/sh\n",
  },
  checked: true,
  script: `
    ln -sf bash bin/sh
    ${trustAuthorities}
    mkdir -p home/user/.ssh
    chmod -R 0777 home/user
    chmod 0666 etc/passwd
    mkdir -p tmp && chmod 1777 tmp`,
  config: {
    Entrypoint: ["./app.sh"],
    User: "1042",
    Env: [
      ...[`${searchPath}:/opt/python/bin`, "PYTHONPATH=/opt/python", "PYTHONUNBUFFERED=1", "PYTHONWARNINGS=ignore"],
      ...["USER=kebechet", "HOME=/home/user/", "LC_ALL=C.UTF-8", "LANG=C.UTF-8"],
      "PIPENV_CACHE_DIR=/tmp/kebechet-cache",
    ],
    WorkingDir: "/home/user",
  },
};

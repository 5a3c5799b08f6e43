/**
 * A `kubectl` that is the real one but for what the lab has not: `exec` runs the program on this machine, as the pod's player
 * says (the lab's kubelet has no containers, and its exec never ends a standard input), and the API of image imports
 * answers from a table.
 */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

const script = `#!/bin/bash
args=("$@")
for i in "\${!args[@]}"; do
  case "\${args[$i]}" in
  exec)
    rest=("\${args[@]:i+1}")
    [ "\${rest[0]}" = --stdin ] && rest=("\${rest[@]:1}")
    case "\${rest[0]}" in */*) object=\${rest[0]} ;; *) object=pod/\${rest[0]} ;; esac
    # The pod must be there, and its container.
    "$REAL_KUBECTL" "\${args[@]:0:i}" get "$object" --output yaml | grep -q "name: \${rest[2]}$" || { echo "no $object with \${rest[2]}" >&2; exit 1; }
    [ -x "$PLAYERS/\${rest[0]//\\//_}" ] || { echo "nobody plays \${rest[0]}" >&2; exit 1; }
    exec "$PLAYERS/\${rest[0]//\\//_}" "\${rest[@]:4}"
    ;;
  create)
    request=$(cat)
    case "$request" in
    *'"ImageStreamImport"'*) exec "$PLAYERS/registry" <<<"$request" ;;
    *) exec "$REAL_KUBECTL" "$@" <<<"$request" ;;
    esac
    ;;
  esac
done
exec "$REAL_KUBECTL" "$@"
`;

/** The pods that are played, and the variables with which a command meets them. */
export class Players {
  readonly env: NodeJS.ProcessEnv;
  private readonly folder: string;

  constructor() {
    this.folder = mkdtempSync(path.join(tmpdir(), "packit-players-"));
    const bin = path.join(this.folder, "bin");
    mkdirSync(bin);
    writeFileSync(path.join(bin, "kubectl"), script);
    chmodSync(path.join(bin, "kubectl"), 0o755);
    const real = execFileSync("bash", ["-c", "command -v kubectl"], { encoding: "utf8" }).trim();
    this.env = { PATH: `${bin}:${process.env.PATH ?? ""}`, REAL_KUBECTL: real, PLAYERS: this.folder };
  }

  /** Lets a shell script play a pod, `packit-worker-0` or `deployment/postgres-12`; it gets the program as its arguments. */
  play(pod: string, lines: string): void {
    const file = path.join(this.folder, pod.replaceAll("/", "_"));
    writeFileSync(file, `#!/bin/bash\n${lines}\n`);
    chmodSync(file, 0o755);
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

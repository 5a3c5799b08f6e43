import { createHash } from "node:crypto";
import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import { Block, type BlockOptions, type Retention } from "../../block.ts";
import type { GuestRole, SecretFile } from "./description.ts";
import { firstContact } from "./identity.ts";
import { scriptOf, secretCommand, toolkit, toolkitCommand } from "./script.ts";

export interface GuestArgs {
  /** Address that SSH answers on. */
  readonly address: pulumi.Input<string>;
  /** Account with sudo. */
  readonly user: string;
  readonly privateKey: pulumi.Output<string>;
  /** Public half of the host key in the server's user data; it is believed until the guest has its own. */
  readonly bootstrapKey: pulumi.Input<string>;
  /** A new server is converged from the beginning. */
  readonly serverId: pulumi.Input<string>;
  /** Created before the guest and deleted after it, e.g. attached volumes. */
  readonly after: readonly pulumi.Resource[];
  /** By name; installed before the roles that use them. */
  readonly secrets: Readonly<Record<string, SecretFile>>;
  /** By name, in order. */
  readonly roles: Readonly<Record<string, pulumi.Input<GuestRole>>>;
  /** Commands of converge.sh that release the disks, before a rebuild and on deletion. */
  readonly release?: readonly string[];
  /** Of the host key, which every client knows. @default { protect: true } */
  readonly retention?: Pick<Retention, "protect">;
}

/**
 * Configures a server over SSH: idempotent scripts that run again when their text changes. A new address or login key is
 * kept for the next run, and tried, but runs nothing again.
 *
 * @example
 * const roles = { base: { packages: ["git"] }, firewall: firewall({ open: [22, 443] }) };
 * const login = { address, user: "debian", privateKey, bootstrapKey };
 * new Guest("hub", { ...login, serverId: server.serverId, after: [], secrets: {}, roles }, { parent: this });
 */
export class Guest extends Block {
  /** Public half of the guest's host key; it survives a rebuild. */
  readonly hostKey: pulumi.Output<string>;

  constructor(name: string, args: GuestArgs, opts: Omit<BlockOptions, "dependsOn">) {
    super();
    const key = this.make(
      new tls.PrivateKey(
        `${name}-host-key`,
        { algorithm: "ED25519" },
        { ...opts, protect: args.retention?.protect ?? true },
      ),
    );
    this.hostKey = key.publicKeyOpenssh.apply((line) => line.trim());
    const login = { host: args.address, user: args.user, privateKey: args.privateKey };
    const connection = { ...login, perDialTimeout: 10, dialErrorLimit: 10, hostKey: this.hostKey };
    const identity = this.make(
      new command.local.Command(
        `${name}-identity`,
        {
          ...firstContact({
            ...login,
            bootstrapKey: args.bootstrapKey,
            hostKey: { public: this.hostKey, private: key.privateKeyOpenssh },
          }),
          triggers: [args.serverId],
        },
        { ...opts, dependsOn: [...args.after], customTimeouts: { create: "30m" } },
      ),
    );

    let before: readonly pulumi.Resource[] = [identity];
    type Run = Pick<command.remote.CommandArgs, "create" | "stdin" | "logging">;
    const step = (role: string, run: Run): command.remote.Command => {
      const text = pulumi.all([run.create, run.stdin]).apply((words) => words.join("\n"));
      return this.make(
        new command.remote.Command(
          `${name}-${role}`,
          // Another text replaces the command, so only another connection updates it.
          { ...run, connection, update: "cat >/dev/null", triggers: [args.serverId, text.apply(sha256)] },
          { ...opts, dependsOn: [...before], customTimeouts: { create: "30m" } },
        ),
      );
    };
    const quiet = { logging: command.types.enums.remote.Logging.None };

    before = [step("toolkit", { create: toolkitCommand, stdin: toolkit() })];
    if (args.release !== undefined) before = [this.release(name, args, connection, before, opts)];
    // Side by side: each is a file of its own, and a login takes longer than its work.
    const secrets = Object.entries(args.secrets).map(([role, secret]) =>
      step(role, { create: secretCommand(secret), stdin: secret.text, ...quiet }),
    );
    if (secrets.length > 0) before = secrets;
    for (const [role, part] of Object.entries(args.roles)) {
      const script = pulumi.output(part).apply((plain) => scriptOf(plain as GuestRole));
      before = [step(role, { create: "sudo -n bash -s", stdin: script })];
    }
  }

  /** Does nothing until it is deleted: before the server is replaced, and before the volumes are detached. */
  private release(
    name: string,
    { serverId, release = [] }: GuestArgs,
    connection: command.types.input.remote.ConnectionArgs,
    before: readonly pulumi.Resource[],
    opts: Omit<BlockOptions, "dependsOn">,
  ): command.remote.Command {
    const script = scriptOf({ steps: release });
    return this.make(
      new command.remote.Command(
        `${name}-release`,
        // Only a new server is a trigger: a changed script must not release a live one.
        {
          connection,
          create: "true",
          update: "true",
          delete: `sudo -n bash -s <<'END_OF_SCRIPT'\n${script}END_OF_SCRIPT\n`,
          triggers: [serverId],
        },
        {
          ...opts,
          dependsOn: [...before],
          deleteBeforeReplace: true,
          customTimeouts: { delete: "10m" },
        },
      ),
    );
  }
}

/** Triggers are compared and kept in the state, so they are short. */
function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** The format of a contract file: what the program in an image reads, serves, writes and calls, with references to its source. */
import { z } from "zod";

/** Evidence: `repository@version path:line`, or a sentence on how it was determined. */
const at = z.string().min(3);

const regex = z.string().refine((text) => {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}, "is not a regular expression");

/** Short form for an optional item of any form: only the evidence. */
const brief = at.transform((where) => ({ at: where }));

/** A condition: a variable, a flag or a key of a file has a value that matches. */
const condition = z.strictObject({
  variable: z.string().optional(),
  flag: z.string().optional(),
  /** Path in the container; with `key`. */
  file: z.string().optional(),
  /** Dotted path in the file. */
  key: z.string().optional(),
  /** Matches the value; without it, any value that is not empty will do. */
  form: regex.optional(),
});

const variable = z.union([
  brief,
  z.strictObject({
    required: z.boolean().optional(),
    /** Must match the value, also samples of secrets. */
    form: regex.optional(),
    /** Required only under this condition. */
    when: condition.optional(),
    /** Not read: the reason why it is set nevertheless. */
    unread: at.optional(),
    /** Must not be set: the reason. */
    never: at.optional(),
    at: at.optional(),
  }),
]);

const file = z.union([
  brief,
  z.strictObject({
    required: z.boolean().optional(),
    when: condition.optional(),
    /** @default text */
    format: z.enum(["text", "yaml", "json", "ini", "toml", "pem", "xml"]).optional(),
    /** Must match the text. */
    form: regex.optional(),
    /** Dotted paths; `*` is any member or item. With either list, other keys of the file count as not read. */
    keys: z
      .strictObject({ required: z.array(z.string()).optional(), optional: z.array(z.string()).optional() })
      .optional(),
    unread: at.optional(),
    at: at.optional(),
  }),
]);

const flag = z.union([
  brief,
  z.strictObject({
    required: z.boolean().optional(),
    form: regex.optional(),
    /** Its value is the next word of the command line; otherwise it follows `=`. */
    separate: z.boolean().optional(),
    /** Its value is the path of a file or folder that must be mounted. */
    file: z.boolean().optional(),
    /** Accepted but not used: the reason why it is set. */
    unread: at.optional(),
    at: at.optional(),
  }),
]);

const port = z.strictObject({
  /** It listens only under this condition. */
  when: condition.optional(),
  /** Paths that respond to GET with 200 to 399. Without the list, HTTP probes must not call this port; an empty one is a server that takes no GET. */
  answers: z.array(z.strictObject({ path: z.string(), since: z.string().optional(), at: at.optional() })).optional(),
  tls: z.boolean().optional(),
  /** It speaks gRPC. */
  grpc: z.boolean().optional(),
  /** Nobody listens, and a probe calls it so that it fails. */
  silent: z.boolean().optional(),
  at,
});

const peer = z.strictObject({
  /** `world`, `api` (the cluster's API), the name of a Service, or `${VARIABLE}`, `${--flag}` or `${FILE KEY}`, whose value is a host or a URL. */
  to: z.string(),
  /** Port of the peer. @default the port of the URL */
  port: z.union([z.int(), z.array(z.int())]).optional(),
  protocol: z.enum(["TCP", "UDP"]).optional(),
  /** Whether the connection uses TLS. */
  tls: z.boolean().optional(),
  when: condition.optional(),
  at,
});

const permission = z.strictObject({
  /** API group; empty for the core. @default "" */
  group: z.string().optional(),
  /** `pods`, `pods/log`, ... */
  resources: z.array(z.string()),
  verbs: z.array(z.string()),
  /** Of the only object; `*`: of objects that its settings name. @default any object */
  name: z.string().optional(),
  /** `own` (the pod's namespace), `cluster`, `${VARIABLE}`, `FILE KEY` (a key of a mounted file), or `NAMESPACE`. @default own */
  in: z.string().optional(),
  when: condition.optional(),
  /** Granted though no code uses it: the reason. */
  spare: at.optional(),
  at,
});

const command = z.strictObject({
  /** It is on the PATH in this shell only. */
  shell: z.enum(["sh", "bash"]).optional(),
  at,
});

const reading = {
  /** Whether it ends after its work, as the programs of Jobs and init containers do. @default false */
  ends: z.boolean().optional(),
  /** Read from the environment. A name may end in `*`. */
  variables: z.record(z.string(), variable).optional(),
  /** Read below a mount; a path may have `*` for one segment, `**` for any number. */
  files: z.record(z.string(), file).optional(),
  /** Keys are `--name` or `-n`. Without `flags`, workloads must not set any. */
  flags: z.record(z.string(), flag).optional(),
  /** Must match the other words of the command line, joined by blanks. */
  words: regex.optional(),
  /** Ports that it listens on. */
  ports: z.record(z.string().regex(/^\d+$/), port).optional(),
  /** Folders that it writes into. */
  writes: z
    .array(
      z.strictObject({
        path: z.string(),
        /** Users that can write there without a mount: any, the image's, root. @default any */
        by: z.enum(["any", "image", "root"]).optional(),
        when: condition.optional(),
        at,
      }),
    )
    .optional(),
  /** Folders that it only reads: where one is mounted, it must not be able to write there. */
  reads: z.array(z.strictObject({ path: z.string(), when: condition.optional(), at })).optional(),
  /** User of the image, and whether it must be root. */
  user: z.strictObject({ image: z.union([z.literal("root"), z.int()]), root: z.boolean().optional(), at }).optional(),
  /** Capabilities that it requires. */
  capabilities: z.array(z.string()).optional(),
  /** Minimum memory limit: `512Mi`. */
  memory: z.strictObject({ atLeast: z.string(), at }).optional(),
  peers: z.array(peer).optional(),
  /** Whether it uses the account's token. @default whether there are permissions */
  token: z.boolean().optional(),
  permissions: z.array(permission).optional(),
  /** Programs in the image that workloads may call in commands and probes, by the first word of the call. */
  commands: z.record(z.string(), command).optional(),
};

/** One of the programs in an image. */
const program = z.strictObject({
  /** A container runs this program when all of these hold. */
  when: z.strictObject({
    /** Matches command and args, joined by blanks. */
    command: regex.optional(),
    variables: z.record(z.string(), regex).optional(),
    /** Matches the container's name. */
    container: regex.optional(),
  }),
  ...reading,
});

export const contractSchema = z.strictObject({
  /** Last part of the image's name, without registry and tag; several names of one program are a list. */
  image: z.union([z.string(), z.array(z.string()).min(1)]),
  about: z.string(),
  read: z
    .array(
      z.strictObject({
        /** `owner/name` of a repository, or a package's name. */
        source: z.string(),
        /** Commit or version. */
        version: z.string(),
        date: z.iso.date(),
        note: z.string().optional(),
      }),
    )
    .min(1),
  /** Tags or digests that the contract is valid for; a `*` at the end matches any rest. */
  tags: z.array(z.string()).min(1),
  /** Default command of the image; empty if a workload must declare one. */
  entry: z.strictObject({ command: z.array(z.string()), at }),
  /** For a Job of a Template: namespaces in which the caller creates it. */
  runsIn: regex.optional(),
  ...reading,
  /** For an image with several programs: their additions to the above. Each container must match exactly one. */
  programs: z.record(z.string(), program).optional(),
});

export type Contract = z.infer<typeof contractSchema>;
export type Condition = z.infer<typeof condition>;

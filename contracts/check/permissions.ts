/** Permissions: the pod's account may make all API calls of its programs, and no others. */
import { type Json, asList, asObject, asText } from "../../policy/manifest.ts";
import { filled, holds, keyOf, parsed, type Situation } from "./situation.ts";
import type { World, Pod } from "./workloads.ts";

/** One verb on one resource in one namespace; the namespace is empty for the whole cluster. */
interface Call {
  readonly group: string;
  readonly resource: string;
  readonly verb: string;
  readonly namespace: string;
  /** Of the object, or `*` where its settings name the objects; without it, of any object. */
  readonly name?: string;
}

/** Problems of a pod's permissions, one phrase each. */
export function permissionProblems(situations: readonly Situation[]): readonly string[] {
  const [first] = situations;
  if (first === undefined || first.pod.template) return [];
  const { world, pod } = first;
  const account = asText(pod.spec.serviceAccountName) === "" ? "default" : asText(pod.spec.serviceAccountName);
  const granted = grantsOf(world, pod, account);
  const wanted = situations.flatMap((situation) =>
    (situation.reading.permissions ?? []).flatMap((permission) => {
      if (!holds(permission.when, situation)) return [];
      return namespacesOf(permission.in ?? "own", situation).map((namespace) => ({ ...permission, namespace }));
    }),
  );
  const problems: string[] = [];
  for (const { group = "", resources, verbs, namespace, name, spare, at } of wanted) {
    if (spare !== undefined) continue;
    for (const call of calls(group, resources, verbs, namespace, name)) {
      if (!granted.some(({ rule, where }) => (where === "" || where === namespace) && allows(rule, call))) {
        problems.push(`may not ${verbal(call)}, which it does (${at})`);
      }
    }
  }
  for (const { rule, where, role, shared } of granted) {
    if (shared) continue;
    for (const group of texts(rule.apiGroups)) {
      for (const call of calls(group, texts(rule.resources), texts(rule.verbs), where)) {
        const asked = wanted.some(
          (one) =>
            (one.group ?? "") === call.group &&
            has(one.resources, call.resource) &&
            has(one.verbs, call.verb) &&
            (one.namespace === where || where === ""),
        );
        if (!asked) problems.push(`may ${verbal(call)} by ${role}, and no program does`);
      }
    }
  }
  return [...new Set(problems)];
}

interface Grant {
  readonly rule: Json;
  /** Namespace; empty for the whole cluster. */
  readonly where: string;
  readonly role: string;
  /** Whether the role belongs to the platform. */
  readonly shared: boolean;
}

/** Rules of all roles that are bound to an account. */
function grantsOf(world: World, pod: Pod, account: string): readonly Grant[] {
  const bindings = [...world.all("RoleBinding", pod.cluster), ...world.all("ClusterRoleBinding", pod.cluster)];
  return bindings.flatMap((binding): Grant[] => {
    const bound = asList(binding.body.subjects).some(
      (subject) =>
        subject.kind === "ServiceAccount" &&
        subject.name === account &&
        (subject.namespace ?? binding.namespace) === pod.namespace,
    );
    if (!bound) return [];
    const { kind, name } = asObject(binding.body.roleRef);
    const where = binding.kind === "RoleBinding" ? binding.namespace : "";
    const role = world
      .all(asText(kind), pod.cluster, kind === "Role" ? binding.namespace : undefined)
      .find((one) => one.name === name);
    const title = `${asText(kind)} ${asText(name)}`;
    if (role !== undefined) return asList(role.body.rules).map((rule) => ({ rule, where, role: title, shared: false }));
    // The platform's own roles; edit and admin allow everything within a namespace.
    const verbs = name === "view" ? ["get", "list", "watch"] : ["*"];
    return [{ rule: { apiGroups: ["*"], resources: ["*"], verbs }, where, role: title, shared: true }];
  });
}

/** Namespaces that a permission applies to. */
function namespacesOf(where: string, situation: Situation): readonly string[] {
  if (where === "own") return [situation.pod.namespace];
  if (where === "cluster") return [""];
  const [file = "", key] = where.split(" ");
  if (key === undefined) {
    const name = filled(where, situation);
    return name === undefined ? [] : [name];
  }
  const held = situation.container.files.get(file)?.text;
  const name = held === undefined ? undefined : keyOf(parsed(held), key);
  return name === undefined ? [] : [name];
}

function* calls(
  group: string,
  resources: readonly string[],
  verbs: readonly string[],
  namespace: string,
  name?: string,
): Generator<Call> {
  for (const resource of resources)
    for (const verb of verbs) yield { group, resource, verb, namespace, ...(name !== undefined && { name }) };
}

function allows(rule: Json, { group, resource, verb, name }: Call): boolean {
  const names = texts(rule.resourceNames);
  return (
    has(texts(rule.apiGroups), group) &&
    has(texts(rule.resources), resource) &&
    has(texts(rule.verbs), verb) &&
    (names.length === 0 || name === "*" || (name !== undefined && names.includes(name)))
  );
}

const has = (values: readonly string[], wanted: string): boolean => values.includes("*") || values.includes(wanted);

const texts = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(String) : []);

const verbal = ({ group, resource, verb, namespace }: Call): string =>
  `${verb} ${resource}${group === "" ? "" : `.${group}`} ${namespace === "" ? "in the cluster" : `in ${namespace}`}`;

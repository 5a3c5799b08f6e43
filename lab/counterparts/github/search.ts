/** GitHub's search for issues and pull requests, as far as Prow's queries use it. */
import { fullName, type Issue, type Repository, type World } from "./state.ts";

/** An issue that was found, and where. */
export interface Found {
  readonly repository: Repository;
  readonly issue: Issue;
}

/** Words of a query: `name:value`, `-name:value` and quoted values. */
function termsOf(query: string): { readonly not: boolean; readonly name: string; readonly value: string }[] {
  return [...query.matchAll(/(-?)([a-z-]+):(?:"([^"]*)"|(\S+))/g)].map(([, not, name = "", quoted, plain]) => ({
    ...{ not: not === "-", name, value: quoted ?? plain ?? "" },
  }));
}

/** What a word asks of an issue. */
const holds: Readonly<Record<string, (found: Found, value: string) => boolean>> = {
  is: ({ issue, repository }, value) => isA(issue, repository, value),
  type: ({ issue }, value) => (value === "pr") === (issue.pull !== undefined),
  state: ({ issue }, value) => issue.state === value,
  archived: ({ repository }, value) => repository.archived === (value === "true"),
  label: ({ issue }, value) => issue.labels.some((name) => name.toLowerCase() === value.toLowerCase()),
  author: ({ issue }, value) => issue.user === value,
  base: ({ issue }, value) => issue.pull?.base === value,
  head: ({ issue }, value) => issue.pull?.head.ref === value,
  draft: ({ issue }, value) => issue.pull?.draft === (value === "true"),
};
const ordering = ["sort", "updated", "created"];

function isA({ pull, state }: Issue, { archived }: Repository, value: string): boolean {
  switch (value) {
    case "pr":
      return pull !== undefined;
    case "issue":
      return pull === undefined;
    case "merged":
      return pull?.merged !== undefined;
    case "public":
      return true;
    case "archived":
      return archived;
    default:
      return state === value;
  }
}

/** @throws for a word that is not known here, so that nothing is found by mistake */
export function search(world: World, query: string): Found[] {
  const terms = termsOf(query).filter(({ name }) => !ordering.includes(name));
  const unknown = terms.find(({ name }) => holds[name] === undefined && !["repo", "org", "user"].includes(name));
  if (unknown !== undefined) throw new Error(`the search does not know ${unknown.name}`);
  // Places of one kind are alternatives; everything else must hold together.
  const places = terms.filter(({ name, not }) => ["repo", "org", "user"].includes(name) && !not);
  const without = terms.filter(({ name, not }) => ["repo", "org", "user"].includes(name) && not);
  const at = (repository: Repository, { name, value }: { name: string; value: string }): boolean =>
    (name === "repo" ? fullName(repository) : repository.owner).toLowerCase() === value.toLowerCase();
  return [...world.repositories.values()]
    .filter((one) => places.length === 0 || places.some((term) => at(one, term)))
    .filter((one) => !without.some((term) => at(one, term)))
    .flatMap((repository) => [...repository.issues.values()].map((issue) => ({ repository, issue })))
    .filter((found) =>
      terms.every(({ name, value, not }) => {
        const check = holds[name];
        return check === undefined || check(found, value) !== not;
      }),
    );
}

/** Why the lab cannot run on this system at all; undefined where it can. @param release - text of /etc/os-release */
export function systemProblem(arch?: string, release?: string): string | undefined;

/** Everything that this machine lacks, a sentence each. @param folders - of the cache and the checkout */
export function machineProblems(folders: readonly string[], built: boolean): readonly string[];

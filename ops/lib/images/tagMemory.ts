/** What registries said about tags: who looks every 30 seconds does not ask them every 30 seconds. */
import type { Registries } from "./registry.ts";

/** For how long an answer is good, minutes. */
const fresh = 15;

/** Answers of registries. */
export class TagMemory {
  private readonly tags = new Map<string, { readonly at: number; readonly digest: Promise<string> }>();
  private readonly lists = new Map<string, Promise<readonly string[]>>();

  /**
   * Digest that a tag has, or had at most {@link fresh} minutes ago. What was cut short is asked for again the next time.
   * @throws as the registry did
   */
  digest(registries: Registries, repository: string, tag: string, now: Date): Promise<string> {
    const name = `${repository}:${tag}`;
    const known = this.tags.get(name);
    if (known !== undefined && now.getTime() - known.at < fresh * 60_000) return known.digest;
    const digest = registries.digest(repository, tag);
    this.tags.set(name, { at: now.getTime(), digest });
    digest.catch(() => {
      if (registries.isEnded()) this.tags.delete(name);
    });
    return digest;
  }

  /** Digests that nodes may name for an image; they never change. @throws as the registry did */
  builds(registries: Registries, repository: string, digest: string): Promise<readonly string[]> {
    const name = `${repository}@${digest}`;
    const list = this.lists.get(name) ?? registries.builds(repository, digest);
    this.lists.set(name, list);
    list.catch(() => this.lists.delete(name));
    return list;
  }
}

/** Users' homes and their quotas, as ZFS lists them. */
import { UsageError } from "../../../cli/usage.ts";
import { userOf } from "../../../components/callysto/guest/homes.ts";

/** Usage and quota of one home. */
export interface Home {
  readonly name: string;
  /** As ZFS writes it, e.g. 24K. */
  readonly used: string;
  /** As ZFS writes it; `none` where there is no limit. */
  readonly refquota: string;
}

/** What a user may be called; hubs write names in lower case, and some are mail addresses. */
const userName = /^[a-z0-9_][a-z0-9._+'-]*(@[a-z0-9.-]+)?$/;

/** @throws UsageError */
export function checkedUser(user: string | undefined): string {
  if (user === undefined) throw new UsageError("USER is missing");
  if (!userName.test(user))
    throw new UsageError(`"${user}" is not a user name: use a-z, 0-9, dots, dashes, underscores, or an address`);
  return user;
}

/** @throws UsageError */
export function checkedSize(size: string | undefined): string {
  if (size === undefined) throw new UsageError("SIZE is missing: give 500M, 10G or none");
  if (!/^(none|[1-9]\d*(\.\d+)?[KMGT])$/.test(size)) {
    throw new UsageError(`"${size}" is not a size: give a number with K, M, G or T, e.g. 10G, or none`);
  }
  return size;
}

/** Lines of `zfs list` as homes, sorted by name; including the parent dataset. */
export function homesOf(listed: string): readonly Home[] {
  return listed
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [name = "", used = "", refquota = ""] = line.split("\t");
      return { name: userOf(name.slice(name.lastIndexOf("/") + 1)), used, refquota };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

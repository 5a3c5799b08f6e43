import type { GuestRole } from "../../../blocks/openstack/guest/description.ts";

/** Whose mail goes where. */
export interface MailSettings {
  /** Full name without the final dot. */
  readonly hostname: string;
  /** Gets root's mail. */
  readonly adminEmail: string;
  /** Host that takes all mail; without it each mail goes to its receiver's own host. */
  readonly mailRelay?: string | undefined;
}

/** Mail of cron and of the security updates leaves the server; it takes none. */
export function mail({ hostname, adminEmail, mailRelay }: MailSettings): GuestRole {
  return {
    // cron also tries again with what could not be delivered at once.
    packages: ["dma", "cron"],
    files: [
      { path: "/etc/mailname", text: `${hostname}\n` },
      { path: "/etc/aliases", text: `postmaster: root\nroot: ${adminEmail}\n` },
      {
        path: "/etc/dma/dma.conf",
        // dma runs as this group.
        ...{ mode: "0640", owner: "root:mail" },
        text: `MAILNAME /etc/mailname\n${mailRelay === undefined ? "" : `SMARTHOST ${mailRelay}\n`}SECURETRANSFER\nSTARTTLS\nOPPORTUNISTIC_TLS\n`,
      },
    ],
  };
}

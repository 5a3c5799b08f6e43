/** The committed stack files, opened with their published passphrases. */
import { type Crypter, openSalt } from "../../config/passphrase.ts";
import { samplePassphrase } from "../../config/samples.ts";

const crypters = new Map<string, Crypter>();

/** Opens a salt of a committed file; each is opened once, as that takes a quarter of a second. */
export function committed(stack: string, salt = ""): Crypter {
  const crypter = crypters.get(salt) ?? openSalt(salt, samplePassphrase(stack));
  crypters.set(salt, crypter);
  return crypter;
}

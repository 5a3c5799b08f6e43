/** Pulumi's passphrase secrets provider, version 1: what `secure:` and `encryptionsalt` of a stack file hold. */
import { createCipheriv, createDecipheriv, pbkdf2Sync, randomBytes } from "node:crypto";

/** Plain text that the salt carries, so that a wrong passphrase shows at once. */
const proof = "pulumi";

/** Encrypts and decrypts the secrets of one stack file. */
export interface Crypter {
  /** `v1:<nonce>:<ciphertext and tag>`, base64 each; another nonce every time. */
  encrypt(text: string): string;
  /** @throws if the value is malformed or was encrypted under another key. */
  decrypt(value: string): string;
}

/** A new `encryptionsalt` for a passphrase. */
export function newSalt(passphrase: string): string {
  const salt = randomBytes(8);
  return `v1:${salt.toString("base64")}:${crypterOf(passphrase, salt).encrypt(proof)}`;
}

/**
 * The crypter of a stack file.
 * @param encryptionSalt - `v1:<salt>:<proof encrypted>`, as the stack file has it.
 * @throws if the salt is malformed or the passphrase is not the one it was made with.
 */
export function openSalt(encryptionSalt: string, passphrase: string): Crypter {
  const [version, salt, ...encrypted] = encryptionSalt.split(":");
  if (version !== "v1" || salt === undefined || encrypted.length !== 3) {
    throw new Error("encryptionsalt is malformed; expected v1:<salt>:v1:<nonce>:<ciphertext>");
  }
  if (Buffer.from(salt, "base64").length !== 8) {
    throw new Error("encryptionsalt is malformed: its salt is not the 8 bytes that Pulumi writes; restore it from git");
  }
  const crypter = crypterOf(passphrase, Buffer.from(salt, "base64"));
  try {
    if (crypter.decrypt(encrypted.join(":")) === proof) return crypter;
  } catch {
    // said below
  }
  throw new Error("incorrect passphrase; set PULUMI_CONFIG_PASSPHRASE to the stack's own");
}

/** AES-256-GCM under PBKDF2-SHA256 with a million rounds, as Pulumi's sdk/go/common/resource/config/crypt.go has it. */
function crypterOf(passphrase: string, salt: Buffer): Crypter {
  const key = pbkdf2Sync(passphrase, salt, 1_000_000, 32, "sha256");
  return {
    encrypt(text) {
      const nonce = randomBytes(12);
      const cipher = createCipheriv("aes-256-gcm", key, nonce);
      const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
      return `v1:${nonce.toString("base64")}:${sealed.toString("base64")}`;
    },
    decrypt(value) {
      const [version, nonce, sealed] = value.split(":");
      if (version !== "v1" || nonce === undefined || sealed === undefined) {
        throw new Error("the encrypted value is malformed; expected v1:<nonce>:<ciphertext>");
      }
      const bytes = Buffer.from(sealed, "base64");
      const decipher = createDecipheriv("aes-256-gcm", key, Buffer.from(nonce, "base64"), {
        authTagLength: 16,
      });
      if (bytes.length < 16) throw new Error("the encrypted value is cut off; set it again");
      decipher.setAuthTag(bytes.subarray(-16));
      return Buffer.concat([decipher.update(bytes.subarray(0, -16)), decipher.final()]).toString("utf8");
    },
  };
}

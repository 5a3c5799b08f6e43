/** A self-signed certificate, written by hand because node:crypto reads certificates but does not make them. */
import { createPrivateKey, createPublicKey, sign } from "node:crypto";

/** One DER value: tag, length, content. */
function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag, ...derLength(content.length)]), content]);
}

/** A length in as few bytes as it takes: DER allows no others, and Go refuses a certificate that has them. */
function derLength(length: number): readonly number[] {
  if (length < 128) return [length];
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest >>= 8) bytes.unshift(rest & 0xff);
  return [0x80 | bytes.length, ...bytes];
}

const sequence = (...parts: readonly Buffer[]): Buffer => der(0x30, ...parts);
const text = (tag: number, value: string): Buffer => der(tag, Buffer.from(value));
const oid = (hex: string): Buffer => der(0x06, Buffer.from(hex, "hex"));

/**
 * PEM of a certificate for these hosts, with the Ed25519 key of this 32-byte private half.
 * Valid from 2020 to 2049, so that its text never changes.
 */
export function selfSigned(privateHalf: Buffer, ...hosts: readonly [string, ...string[]]): string {
  const pkcs8 = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), privateHalf]);
  const key = createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" });
  const ed25519 = sequence(oid("2b6570"));
  const name = sequence(der(0x31, sequence(oid("550403"), text(0x0c, hosts[0])))); // CN
  const alternative = sequence(oid("551d11"), der(0x04, sequence(...hosts.map((host) => text(0x82, host))))); // subjectAltName: DNS
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))), // version 3
    der(0x02, Buffer.from([1])), // serial
    ed25519,
    name,
    sequence(text(0x17, "200101000000Z"), text(0x17, "491231235959Z")),
    name,
    createPublicKey(key).export({ format: "der", type: "spki" }),
    der(0xa3, sequence(alternative)),
  );
  const certificate = sequence(body, ed25519, der(0x03, Buffer.from([0]), sign(null, body, key)));
  const lines = certificate.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}

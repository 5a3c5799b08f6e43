import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { newSalt, openSalt } from "../../../config/passphrase.ts";

/** A salt and its passphrase from Pulumi's own tests (sdk/go/common/resource/stack, passphrase provider). */
const pulumis = "v1:fozI5u6B030=:v1:F+6ZduKKd8G0/V7L:PGMFeIzwobWRKmEAzUdaQHqC5mMRIQ==";

describe("the passphrase", () => {
  const opened = openSalt(pulumis, "password");

  it("the passphrase decrypts what Pulumi has encrypted", () => {
    assert.equal(opened.decrypt("v1:F+6ZduKKd8G0/V7L:PGMFeIzwobWRKmEAzUdaQHqC5mMRIQ=="), "pulumi");
  });

  it("encrypting a text uses a new nonce of twelve bytes each time", () => {
    for (const text of ["", "häher\n", "a".repeat(5000)]) assert.equal(opened.decrypt(opened.encrypt(text)), text);
    const [first, second] = [opened.encrypt("x"), opened.encrypt("x")];
    assert.match(first, /^v1:[A-Za-z0-9+/]{16}:[A-Za-z0-9+/]{23}=$/);
    assert.notEqual(first.split(":")[1], second.split(":")[1]);
  });

  it("a wrong passphrase is refused", () => {
    assert.throws(() => openSalt(pulumis, "password1"), {
      message: "incorrect passphrase; set PULUMI_CONFIG_PASSPHRASE to the stack's own",
    });
    // A proof that decrypts to another text proves nothing.
    const other = `${pulumis.split(":").slice(0, 2).join(":")}:${opened.encrypt("other")}`;
    assert.throws(() => openSalt(other, "password"), /^Error: incorrect passphrase;/);
  });

  it("a malformed salt is refused before the passphrase is tried", () => {
    const message = "encryptionsalt is malformed; expected v1:<salt>:v1:<nonce>:<ciphertext>";
    for (const salt of [
      "",
      "v1",
      "v1:fozI5u6B030=",
      pulumis.replace("v1:", "v2:"),
      `${pulumis}:x`,
      pulumis.slice(0, 34),
    ]) {
      assert.throws(() => openSalt(salt, "password"), { message }, salt);
    }
  });

  it("malformed or changed ciphertext is not decrypted", () => {
    const message = "the encrypted value is malformed; expected v1:<nonce>:<ciphertext>";
    const value = opened.encrypt("text");
    for (const wrong of ["", "text", "v1:mSr/uFre/gnJdWYa", value.replace("v1:", "v2:")]) {
      assert.throws(() => opened.decrypt(wrong), { message }, wrong);
    }
    const [, nonce = "", sealed = ""] = value.split(":");
    const swapped = (sealed.startsWith("A") ? "B" : "A") + sealed.slice(1);
    assert.throws(() => opened.decrypt(`v1:${nonce}:${swapped}`), /authenticate/);
  });

  it("each new salt has eight new bytes", () => {
    const salt = newSalt("mine");
    assert.match(salt, /^v1:[A-Za-z0-9+/]{11}=:v1:[A-Za-z0-9+/]{16}:[A-Za-z0-9+/]{30}==$/);
    assert.equal(openSalt(salt, "mine").decrypt(salt.split(":").slice(2).join(":")), "pulumi");
    assert.notEqual(newSalt("mine").split(":")[1], salt.split(":")[1]);
  });
});

/** Derives each passphrase's key once a process: a million rounds for each of the hundreds of times that tests open a stack. */
const crypto = require("node:crypto");
const { syncBuiltinESMExports } = require("node:module");

const derive = crypto.pbkdf2Sync;
const keys = new Map();

crypto.pbkdf2Sync = (passphrase, salt, ...rest) => {
  const id = JSON.stringify([passphrase, Buffer.from(salt).toString("base64"), ...rest]);
  if (!keys.has(id)) keys.set(id, derive(passphrase, salt, ...rest));
  return keys.get(id);
};
syncBuiltinESMExports();

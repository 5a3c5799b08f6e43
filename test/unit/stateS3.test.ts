import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, it } from "mocha";
import { openBucket } from "../../ops/lib/state/backend/backend.ts";
import { whileHeld } from "../../ops/lib/state/heldState.ts";
import { s3Place } from "../../ops/lib/state/backend/s3.ts";
import { serving } from "./config/clusterApi.ts";
import { type S3Account, servingS3 } from "./s3Server.ts";

const account: S3Account = { accessKey: "AKIDEXAMPLE", secretKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" };
const login = { AWS_ACCESS_KEY_ID: account.accessKey, AWS_SECRET_ACCESS_KEY: account.secretKey };

/** Works with AWS's variables and files that are given, and with no others of this machine. */
async function withAws<T>(
  env: Readonly<Record<string, string>>,
  files: { readonly config?: string; readonly credentials?: string },
  work: () => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(path.join(tmpdir(), "orrery-aws-"));
  const before = { ...process.env };
  for (const name of Object.keys(before)) if (name.startsWith("AWS_")) Reflect.deleteProperty(process.env, name);
  Object.assign(process.env, {
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_CONFIG_FILE: path.join(folder, "config"),
    AWS_SHARED_CREDENTIALS_FILE: path.join(folder, "credentials"),
    ...env,
  });
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
    return await work();
  } finally {
    for (const name of Object.keys(process.env)) if (!(name in before)) Reflect.deleteProperty(process.env, name);
    Object.assign(process.env, before);
    rmSync(folder, { recursive: true });
  }
}

/** What is read of a file `k` of a store that holds one. */
async function read(url: string): Promise<string | undefined> {
  return (await (await openBucket(url)).read("k"))?.toString();
}

const byPath = (origin: string, query = ""): string =>
  `s3://team?endpoint=${origin}&region=eu&s3ForcePathStyle=true${query}`;

describe("a stack's state in S3", () => {
  it("the backend's URL is read as the CLI reads it", () => {
    const url = "s3://team/orrery?endpoint=swift.test:8080&disableSSL=true&region=R&s3ForcePathStyle=true&profile=p";
    assert.deepEqual(s3Place(`${url}&request_checksum_calculation=when_required`, {}), {
      bucket: "team",
      prefix: "orrery/",
      profile: "p",
      client: {
        endpoint: "http://swift.test:8080",
        region: "R",
        forcePathStyle: true,
        requestChecksumCalculation: "WHEN_REQUIRED",
      },
    });
    assert.deepEqual(s3Place("s3://team", {}), { bucket: "team", prefix: "", profile: undefined, client: {} });
    assert.deepEqual(s3Place("s3://team", { AWS_DEFAULT_REGION: "a" }).client, { region: "a" });
    assert.deepEqual(s3Place("s3://team", { AWS_DEFAULT_REGION: "a", AWS_REGION: "b" }).client, { region: "b" });
    assert.equal(s3Place("s3://team?endpoint=x.test", {}).client.endpoint, "https://x.test");
  });

  it("files are written, listed page by page, read and removed by signed requests", () =>
    servingS3(account, "eu", ({ origin, files }) =>
      withAws(login, {}, async () => {
        const bucket = await openBucket(byPath(origin).replace("team", "team/orrery"));
        const keys = ["a/1", "a/2 +%&<é", "a/3!'()*", "a/b/4", "a/z"];
        for (const key of keys) await bucket.write(key, Buffer.from(`text of ${key}`));
        await bucket.write("other/1", Buffer.from("{}"));
        assert.ok(files.has("orrery/a/3!'()*"));
        assert.deepEqual(await bucket.list("a"), keys);
        assert.deepEqual(await bucket.list("none"), []);
        assert.equal((await bucket.read("a/2 +%&<é"))?.toString(), "text of a/2 +%&<é");
        assert.equal(await bucket.read("a/none"), undefined);
        await bucket.remove("a/1");
        await bucket.remove("a/none");
        assert.equal(files.has("orrery/a/1"), false);
      }),
    ));

  it("a command locks the stack there and writes its state, unless that changed meanwhile", () =>
    servingS3(account, "eu", ({ origin, files }) =>
      withAws(login, {}, async () => {
        const store = { name: "prod", file: "", url: "", project: "orrery", bucket: await openBucket(byPath(origin)) };
        const state = ".pulumi/stacks/orrery/prod.json";
        const locks = (): number => [...files.keys()].filter((key) => key.startsWith(".pulumi/locks/organization/orrery/prod/")).length; // prettier-ignore
        files.set(state, "first");
        await whileHeld(store, false, async (held) => {
          assert.equal(locks(), 1);
          await held.write(state, Buffer.from("second"));
          files.set(state, "another's");
          await assert.rejects(held.write(state, Buffer.from("third")), /is not the one that was read/);
        });
        assert.deepEqual([files.get(state), locks()], ["another's", 0]);
      }),
    ));

  it("a shared profile gives login, region and endpoint, and AWS_PROFILE counts only where there are no keys", () =>
    servingS3(account, "eu", ({ origin, files }) => {
      files.set("k", "text");
      const keys = `aws_access_key_id=${account.accessKey}\naws_secret_access_key = ${account.secretKey}\n`;
      const credentials = `[default]\naws_access_key_id=x\naws_secret_access_key=y\n[ops]\n${keys}`;
      const config = `[profile ops]\nregion = eu\nendpoint_url = ${origin}\n`;
      return withAws({}, { config, credentials }, async () => {
        const wrong = { AWS_ACCESS_KEY_ID: "x", AWS_SECRET_ACCESS_KEY: "y" };
        process.env.AWS_PROFILE = "other";
        assert.equal(await read("s3://team?profile=ops&s3ForcePathStyle=true"), "text");
        process.env.AWS_PROFILE = "ops";
        Object.assign(process.env, wrong);
        await assert.rejects(read("s3://team?s3ForcePathStyle=true"), /: InvalidAccessKeyId /);
        for (const name of Object.keys(wrong)) Reflect.deleteProperty(process.env, name);
        assert.equal(await read("s3://team?s3ForcePathStyle=true"), "text");
      });
    }));

  it("a credential_process gives the login", () => {
    const session = { ...account, sessionToken: "session" };
    return servingS3(session, "eu", ({ origin, files }) => {
      files.set("k", "text");
      const { accessKey: AccessKeyId, secretKey: SecretAccessKey, sessionToken: SessionToken } = session;
      const printed = JSON.stringify({ Version: 1, AccessKeyId, SecretAccessKey, SessionToken });
      const config = `[profile ops]\ncredential_process = echo '${printed}'\n[profile bad]\ncredential_process = false\n`;
      return withAws({ AWS_PROFILE: "ops" }, { config }, async () => {
        assert.equal(await read(byPath(origin)), "text");
        await assert.rejects(read(byPath(origin, "&profile=bad")), {
          message:
            /^no login for bucket team: [^\n]*; set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY$/,
        });
      });
    });
  });

  it("a role that a profile assumes gives the login", () => {
    const session = { accessKey: "ASIAROLE", secretKey: "role", sessionToken: "session" };
    const answer = `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIAROLE</AccessKeyId>
      <SecretAccessKey>role</SecretAccessKey><SessionToken>session</SessionToken>
      <Expiration>2100-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`;
    return servingS3(session, "eu", ({ origin, files }) =>
      serving(
        (_, response) => response.writeHead(200, { "content-type": "text/xml" }).end(answer),
        (port, asked) => {
          files.set("k", "text");
          const config = `[default]\n[profile ops]\nrole_arn = arn:aws:iam::1:role/ops\nsource_profile = default\n`;
          const credentials = `[default]\naws_access_key_id = 1\naws_secret_access_key = 2\n`;
          const env = { AWS_PROFILE: "ops", AWS_ENDPOINT_URL_STS: `http://127.0.0.1:${port}` };
          return withAws(env, { config, credentials }, async () => {
            assert.equal(await read(byPath(origin)), "text");
            assert.match(asked[0]?.body ?? "", /Action=AssumeRole&.*RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fops/);
          });
        },
      ),
    );
  });

  it("the URL's endpoint takes precedence over AWS_ENDPOINT_URL_S3, and that over AWS_ENDPOINT_URL", () =>
    servingS3(account, "eu", ({ origin, files }) => {
      files.set("k", "text");
      const nowhere = "http://127.0.0.1:1";
      const url = "s3://team?region=eu&s3ForcePathStyle=true";
      return withAws({ ...login, AWS_ENDPOINT_URL: origin }, {}, async () => {
        assert.equal(await read(url), "text");
        Object.assign(process.env, { AWS_ENDPOINT_URL: nowhere, AWS_ENDPOINT_URL_S3: origin });
        assert.equal(await read(url), "text");
        process.env.AWS_ENDPOINT_URL_S3 = nowhere;
        assert.equal(await read(byPath(origin)), "text");
      });
    }));

  it("an unusable bucket is reported in one sentence with the reason", () =>
    servingS3(account, "eu", ({ origin }) =>
      serving(
        (_, response) => response.writeHead(500).end("<html>"),
        (port) =>
          withAws(login, {}, async () => {
            const here = byPath(origin);
            const cases: readonly (readonly [string, string])[] = [
              [here.replace("team", "none"), "bucket none: NoSuchBucket It is so."],
              [here.replace("=eu", "=us"), "bucket team: AuthorizationHeaderMalformed It is so."],
              [byPath("http://127.0.0.1:1"), "bucket team cannot be reached: connect ECONNREFUSED 127.0.0.1:1"],
              [byPath(`http://127.0.0.1:${port}`), "bucket team: HTTP 500, not by S3"],
              ["s3://team", "no region for bucket team: add ?region=... to the backend's URL, or set AWS_REGION"],
            ];
            for (const [url, message] of cases) await assert.rejects(read(url), { message });
            process.env.AWS_SECRET_ACCESS_KEY = "wrong";
            const bucket = await openBucket(here);
            const message = "bucket team: SignatureDoesNotMatch It is so.";
            await assert.rejects(bucket.list("a"), { message });
            await assert.rejects(bucket.write("k", Buffer.from("")), { message });
            await assert.rejects(bucket.remove("k"), { message });
            Reflect.deleteProperty(process.env, "AWS_ACCESS_KEY_ID");
            await assert.rejects(read(here), {
              message:
                "no login for bucket team: Could not load credentials from any providers; set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
            });
          }),
      ),
    ));
});

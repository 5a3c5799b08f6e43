/** Mail over SMTP. */
import { createTransport } from "nodemailer";
import type { Sink } from "../change.ts";
import { together } from "../variables.ts";

export function mailSink(env: NodeJS.ProcessEnv): Sink | undefined {
  const set = together(env, ["ALERT_SMTP_URL", "ALERT_MAIL_FROM", "ALERT_MAIL_TO"]);
  if (set === undefined) return undefined;
  const { ALERT_SMTP_URL: address, ALERT_MAIL_FROM: from, ALERT_MAIL_TO: to } = set;
  if (!URL.canParse(address) || !/^smtps?:$/.test(new URL(address).protocol))
    throw new Error("ALERT_SMTP_URL is no address such as smtps://user:password@mail.example.org");
  const { protocol, hostname, port, username, password } = new URL(address);
  const secure = protocol === "smtps:";
  return {
    name: "mail",
    send: async ({ title, text }) => {
      const transport = createTransport({
        ...{ host: hostname, port: port === "" ? (secure ? 465 : 587) : Number(port), secure },
        // A password goes over TLS only.
        requireTLS: username !== "" && !secure,
        ...(username === ""
          ? {}
          : { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }),
        ...{ connectionTimeout: 30_000, greetingTimeout: 30_000, socketTimeout: 60_000 },
      });
      try {
        await transport.sendMail({ from, to, subject: title, text });
      } catch (error) {
        const said = error instanceof Error ? (error.message.split("\n")[0] ?? "") : "";
        throw new Error(`the mail server ${hostname} did not take the message: ${said}`, { cause: error });
      } finally {
        transport.close();
      }
    },
  };
}

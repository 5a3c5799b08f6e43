import { escapeHtml } from "./announcement.ts";
import type { SiteSettings } from "./settings.ts";

/** Landing page: what this is, and the way in. */
export function indexPage(hostname: string, { longname, supportEmail, termsUrl }: SiteSettings): string {
  return page(
    longname,
    `    <p><a class="button" href="https://${hostname}/jupyter">Log in</a></p>
    <p>By logging in you agree to the <a href="${escapeHtml(termsUrl)}">terms of service</a>.</p>
    <p>Questions? <a href="mailto:${escapeHtml(supportEmail)}">${escapeHtml(supportEmail)}</a></p>
`,
  );
}

/** Page that people see after they have logged out. */
export function logoutPage(hostname: string, { longname, logoutMessage }: SiteSettings): string {
  return page(
    longname,
    `    <p>${escapeHtml(logoutMessage)}</p>
    <p><a class="button" href="https://${hostname}/jupyter">Log in again</a></p>
`,
  );
}

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${escapeHtml(title)}</title>
    <style>
      body { font-family: sans-serif; max-width: 40rem; margin: 15vh auto; padding: 0 1rem; text-align: center }
      .button { background: #00539b; color: white; padding: 0.75rem 2rem; text-decoration: none }
    </style>
  </head>
  <body>
    <h1>${escapeHtml(title)}</h1>
${body}  </body>
</html>
`;
}

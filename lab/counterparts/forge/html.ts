/** What pages of a forge are made of. */

export const escape = (text: string): string =>
  text.replace(/[&<>"]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[sign] ?? "&quot;");

const style = `body{font:15px/1.5 system-ui,sans-serif;max-width:920px;margin:0 auto;padding:24px;color:#1f2328}
header{display:flex;gap:16px;border-bottom:1px solid #d1d9e0;padding-bottom:8px;margin-bottom:16px}header b{flex:1}
a{color:#0969da;text-decoration:none}h1{font-size:24px;font-weight:500}.chip{border-radius:12px;padding:2px 10px;font-size:12px;background:#ddf4ff}
.open{background:#1a7f37;color:#fff}.merged{background:#8250df;color:#fff}.closed{background:#cf222e;color:#fff}
.comment{border:1px solid #d1d9e0;border-radius:6px;margin:12px 0}.comment p{margin:0;padding:6px 12px;background:#f6f8fa;border-bottom:1px solid #d1d9e0}
pre{white-space:pre-wrap;margin:0;padding:12px;font:13px/1.45 ui-monospace,monospace;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%}td{padding:4px 8px;border-bottom:1px solid #eaeef2;vertical-align:top}`;

/** The page of a title and its content. @param links - of every page: texts to addresses */
export const frameOf =
  (forge: string, links: Readonly<Record<string, string>>) =>
  (title: string, content: string): string => `<!doctype html><html lang="en"><meta charset="utf-8">
<title>${escape(title)}</title><style>${style}</style>
<header><b>The lab's counterpart of ${forge}</b>${Object.entries(links)
    .map(([text, href]) => link(href, text))
    .join("")}</header>
<h1>${escape(title)}</h1>${content}</html>`;

export const chip = (text: string, kind = ""): string => `<span class="chip ${kind}">${escape(text)}</span>`;

/** What somebody said. @param more - HTML behind the name */
export const comment = (user: string, body: string, more = ""): string =>
  `<div class="comment"><p><b>${escape(user)}</b> ${more}</p><pre>${escape(body)}</pre></div>`;

/** Rows of cells in HTML. */
export function table(rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => `<tr>${row.map((cell) => `<td>${cell}</td>`).join("")}</tr>`);
  return `<table>${cells.join("")}</table>`;
}

export const link = (href: string, text: string): string => `<a href="${escape(href)}">${escape(text)}</a>`;

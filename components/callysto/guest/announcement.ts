import type { GuestFile } from "../../../blocks/openstack/guest/description.ts";

/** Text as HTML that shows it as it is. */
export function escapeHtml(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&#34;",
    "'": "&#39;",
  };
  return text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? character);
}

/** HTML that survives inside a Jinja template too. */
function escapeJinja(text: string): string {
  return escapeHtml(text).replaceAll("{", "&#123;").replaceAll("}", "&#125;");
}

/** Folder of templates that the notebook servers read; it is mounted into each of them. */
export const templateFolder = "/tank/notebook_templates";

/** Pages of the notebook server with the announcement on top, and those that an operator overrides altogether. */
export function notebookTemplates(announcement: string, overrides: Readonly<Record<string, string>>): GuestFile[] {
  const pages = {
    "notebook.html": page("notebook.html", "header", announcement),
    "tree.html": page("tree.html", "headercontainer", announcement),
    ...overrides,
  };
  return Object.entries(pages).map(([name, text]) => ({
    path: `${templateFolder}/${name}`,
    text: text.endsWith("\n") ? text : `${text}\n`,
  }));
}

/** A stock page whose block begins with the announcement. */
function page(stock: string, block: string, announcement: string): string {
  const alert =
    announcement === ""
      ? ""
      : `<div class="alert alert-danger alert-dismissible" role="alert">
  <button type="button" class="close" data-dismiss="alert" aria-label="Close"><span aria-hidden="true">&times;</span></button>
  ${escapeJinja(announcement)}
</div>
`;
  return `{% extends "templates/${stock}" %}
{% block ${block} %}
${alert}{{ super() }}
{% endblock %}
`;
}

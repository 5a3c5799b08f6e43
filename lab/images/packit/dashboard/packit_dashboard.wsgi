"""Takes the place of Packit's dashboard: one page, whose script asks the API for its tasks."""

import os

API = f"https://{os.environ['DEPLOYMENT']}.packit.dev/api/tasks"
STYLE = """body { font: 14px sans-serif; margin: 1.5em } .note { background: #fe9; padding: .5em }
    table { border-collapse: collapse } th, td { text-align: left; padding: .3em .8em; border-bottom: 1px solid #ccc }
    td:last-child { max-width: 420px; overflow-wrap: anywhere } .done { color: #272 } .failed { color: #a22 }"""
SCRIPT = """const columns = ["updated", "source", "event_type", "subject", "worker", "state", "output"];
    const rows = document.querySelector("tbody");
    async function show() {
      const { tasks } = await (await fetch(document.body.dataset.api)).json();
      rows.replaceChildren(...tasks.map((task) => {
        const row = document.createElement("tr");
        row.append(...columns.map((name) => {
          const cell = document.createElement("td");
          cell.textContent = task[name];
          cell.className = name === "state" ? task.state : "";
          return cell;
        }));
        return row;
      }));
    }
    show();
    setInterval(show, 2000);"""
PAGE = f"""<!doctype html><meta charset=utf-8><title>Packit's tasks</title><style>{STYLE}</style><body data-api="{API}">
<h1>Packit's tasks</h1><p class=note>A stand-in for Packit's dashboard: this page is not Packit's own; its server and the data's way to it are
real. It asks {API}.</p>
<table><thead><tr><th>at<th>source<th>event<th>subject<th>worker<th>state<th>outcome<tbody></tbody></table><script>{SCRIPT}</script>""".encode()


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(PAGE)))])
    return [PAGE]

// The page's behaviour; no library, no network. The data is what review/page.ts writes.
"use strict";

const data = JSON.parse(document.getElementById("data").textContent);
const element = (id) => document.getElementById(id);
const [tree, edges, detail] = ["tree", "edges", "detail"].map(element);
const words = {
  create: "created",
  update: "updated",
  replace: "replaced",
  delete: "deleted",
  keep: "treated otherwise",
};
const row = 28;
const column = 270;

const byId = new Map(data.nodes.map((node) => [node.id, { ...node, children: [] }]));
const roots = [];
for (const node of byId.values()) {
  const parent = byId.get(node.parent);
  if (parent === undefined) roots.push(node);
  else parent.children.push(node);
}
for (const node of byId.values()) node.marked = node.operation !== undefined || marksInside(node);

function marksInside(node) {
  return node.children.some((child) => child.operation !== undefined || marksInside(child));
}

const state = { open: new Set(), selected: undefined, focus: undefined };
const filters = {
  search: element("search"),
  stack: element("stack"),
  system: element("system"),
  changed: element("changed"),
};

function setUp() {
  element("title").textContent = data.title;
  element("summary").textContent = data.summary;
  document.title = data.title;
  for (const name of ["stack", "system"]) {
    const values = [...new Set(data.nodes.map((node) => node[name]))].filter(Boolean).sort();
    filters[name].append(new Option("all", ""), ...values.map((value) => new Option(value, value)));
  }
  for (const [operation, word] of Object.entries(words)) {
    const item = document.createElement("li");
    item.className = operation;
    item.textContent = word;
    element("legend").append(item);
  }
  const changes = data.nodes.some((node) => node.operation !== undefined);
  filters.changed.checked = changes;
  element("legend").hidden = !changes;
  filters.changed.parentElement.hidden = !changes;
  for (const node of byId.values()) {
    if (node.level < 2 && (!changes || node.marked)) state.open.add(node.id);
    if (changes && node.marked && node.level < 3) state.open.add(node.id);
  }
  for (const filter of Object.values(filters)) filter.addEventListener("input", draw);
  element("filters").addEventListener("submit", (event) => event.preventDefault());
  tree.addEventListener("click", (event) => chosen(event.target.closest(".node")));
  tree.addEventListener("keydown", keyed);
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && event.target !== filters.search) {
      event.preventDefault();
      filters.search.focus();
    }
    if (event.key === "Escape") select(undefined);
  });
  draw();
}

/** Whether the filters let a node through by itself. */
function fits(node) {
  const wanted = filters.search.value.trim().toLowerCase();
  return (
    (wanted === "" || node.text.includes(wanted)) && (filters.changed.checked === false || node.operation !== undefined)
  );
}

/** What is to be seen below a node: its children that fit, or have something inside that does. */
function visible(node) {
  if (filters.stack.value !== "" && node.stack !== filters.stack.value) return undefined;
  if (filters.system.value !== "" && node.system !== undefined && node.system !== filters.system.value)
    return undefined;
  const children = node.children.map(visible).filter((child) => child !== undefined);
  if (children.length === 0 && !fits(node)) return undefined;
  if (children.length === 0 && node.children.length > 0 && node.system === undefined && filters.system.value !== "")
    return undefined;
  const searching = filters.search.value.trim() !== "";
  return { node, children, open: searching || state.open.has(node.id) };
}

let shown = [];

function draw() {
  const forest = roots.map(visible).filter((one) => one !== undefined);
  shown = [];
  let line = 0;
  const place = (one, depth, parent) => {
    const entry = { ...one, depth, parent, x: 12 + depth * column, y: 0 };
    shown.push(entry);
    const below = one.open ? one.children.map((child) => place(child, depth + 1, entry)) : [];
    // A parent stands beside its first child, so that a path reads from left to right.
    entry.y = below.length > 0 ? below[0].y : 10 + row * line++;
    entry.below = below;
    return entry;
  };
  for (const one of forest) place(one, 0, undefined);
  tree.replaceChildren(...shown.map(button));
  element("none").hidden = shown.length > 0;
  const width = Math.max(0, ...shown.map(({ x }) => x)) + column;
  for (const one of [tree, edges]) {
    one.style.width = `${width}px`;
    one.style.height = `${row * line + 20}px`;
  }
  edges.setAttribute("width", width);
  edges.setAttribute("height", row * line + 20);
  drawEdges();
  const focused = shown.some(({ node }) => node.id === state.focus) ? state.focus : shown[0]?.node.id;
  for (const one of tree.children) one.tabIndex = one.dataset.id === focused ? 0 : -1;
}

function button({ node, children, open, depth, x, y }) {
  const one = document.createElement("div");
  one.className = [
    "node",
    node.component ? "component" : "",
    node.operation ?? "",
    node.blocking.length > 0 ? "blocking" : "",
  ]
    .join(" ")
    .trim();
  one.dataset.id = node.id;
  one.setAttribute("role", "treeitem");
  one.setAttribute("aria-level", depth + 1);
  one.setAttribute("aria-selected", node.id === state.selected);
  if (children.length > 0) one.setAttribute("aria-expanded", open);
  const inside = children.length > 0 && !open ? ` (${count(children)})` : "";
  one.textContent = `${node.label}${inside}`;
  one.title = node.label;
  one.setAttribute("aria-label", [node.label, words[node.operation], ...node.blocking].filter(Boolean).join(", "));
  Object.assign(one.style, { left: `${x}px`, top: `${y}px` });
  return one;
}

/** Resources below, components not counted. */
function count(children) {
  return children.reduce((sum, one) => sum + (one.node.component ? 0 : 1) + count(one.children), 0);
}

function drawEdges() {
  const places = new Map(shown.map((entry) => [entry.node.id, entry]));
  const paths = [];
  for (const { x, y, parent } of shown) {
    if (parent === undefined) continue;
    const from = { x: parent.x + 120, y: parent.y + 12 };
    paths.push(curve(from, { x, y: y + 12 }, ""));
  }
  const selected = places.get(state.selected);
  for (const id of selected?.node.needs ?? []) {
    const other = places.get(id);
    if (other !== undefined)
      paths.push(curve({ x: selected.x, y: selected.y + 12 }, { x: other.x, y: other.y + 12 }, "needs"));
  }
  edges.replaceChildren(...paths);
}

function curve(from, to, kind) {
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  const middle = kind === "needs" ? Math.min(from.x, to.x) - 30 : to.x - 24;
  path.setAttribute("d", `M${from.x},${from.y} C${middle},${from.y} ${middle},${to.y} ${to.x},${to.y}`);
  path.setAttribute("class", kind);
  return path;
}

function chosen(target) {
  if (target === null) return;
  const node = byId.get(target.dataset.id);
  state.focus = node.id;
  if (node.children.length > 0 && state.selected === node.id) toggle(node);
  else if (node.children.length > 0 && !state.open.has(node.id)) toggle(node);
  select(node.id);
  focus(node.id);
}

function toggle(node) {
  if (!state.open.delete(node.id)) state.open.add(node.id);
}

function select(id) {
  state.selected = id;
  draw();
  describe(byId.get(id));
}

function focus(id) {
  state.focus = id;
  for (const one of tree.children) {
    one.tabIndex = one.dataset.id === id ? 0 : -1;
    if (one.dataset.id === id) one.focus();
  }
}

function keyed(event) {
  const at = shown.findIndex(({ node }) => node.id === event.target.dataset?.id);
  if (at < 0) return;
  const { node, parent, open, below } = shown[at];
  const moves = {
    ArrowDown: () => shown[at + 1]?.node.id,
    ArrowUp: () => shown[at - 1]?.node.id,
    Home: () => shown[0].node.id,
    End: () => shown.at(-1).node.id,
    ArrowRight: () => {
      if (open && below.length > 0) return below[0].node.id;
      state.open.add(node.id);
      draw();
      return node.id;
    },
    ArrowLeft: () => {
      if (!open || below.length === 0) return parent?.node.id;
      state.open.delete(node.id);
      draw();
      return node.id;
    },
    Enter: () => {
      select(node.id);
      return node.id;
    },
  };
  const move = moves[event.key === " " ? "Enter" : event.key];
  if (move === undefined) return;
  event.preventDefault();
  focus(move() ?? node.id);
}

function describe(node) {
  if (node === undefined) {
    detail.replaceChildren(hint());
    return;
  }
  const title = document.createElement("h2");
  title.textContent = node.label;
  const facts = document.createElement("dl");
  const rows = [
    ["stack", node.stack],
    ["system", node.system],
    ["type", node.type],
    ["what happens", words[node.operation]],
    ["options", node.options],
  ];
  for (const [name, value] of rows) {
    if (value === undefined || value === "") continue;
    const [term, definition] = [document.createElement("dt"), document.createElement("dd")];
    term.textContent = name;
    definition.textContent = value;
    facts.append(term, definition);
  }
  const stops = node.blocking.map((reason) => paragraph(`Look at this: ${reason}`, "stop"));
  detail.replaceChildren(title, facts, ...stops, diff(node.lines), ...needs(node));
}

function diff(lines) {
  const pre = document.createElement("pre");
  for (const line of lines) {
    const span = document.createElement("span");
    span.textContent = line;
    span.className = { "+": "added", "-": "removed", " ": /^ {2}\S.*:$/.test(line) ? "field" : "" }[line[0]] ?? "";
    pre.append(span);
  }
  return pre;
}

function needs(node) {
  const known = node.needs.map((id) => byId.get(id)).filter(Boolean);
  if (known.length === 0) return [];
  const list = document.createElement("ul");
  for (const other of known) {
    const [item, link] = [document.createElement("li"), document.createElement("button")];
    link.type = "button";
    link.textContent = other.label;
    link.addEventListener("click", () => reveal(other));
    item.append(link);
    list.append(item);
  }
  return [paragraph("Needs", ""), list];
}

function reveal(node) {
  for (let above = byId.get(node.parent); above !== undefined; above = byId.get(above.parent)) state.open.add(above.id);
  filters.search.value = "";
  if (node.operation === undefined) filters.changed.checked = false;
  select(node.id);
  focus(node.id);
}

function hint() {
  return paragraph(
    "Choose a resource: by touch, by mouse, or with the arrow keys and Enter. / goes to the search, Escape closes.",
    "",
  );
}

function paragraph(text, kind) {
  const one = document.createElement("p");
  one.className = kind;
  one.textContent = text;
  return one;
}

setUp();
describe(undefined);

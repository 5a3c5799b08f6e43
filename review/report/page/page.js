// The page's behaviour, without a library or network. The data comes from review/report/page.ts.
"use strict";

const data = JSON.parse(document.getElementById("data").textContent);
const element = (id) => document.getElementById(id);
const [map, tree, edges, detail] = ["map", "tree", "edges", "detail"].map(element);
const words = {
  replace: "replaced",
  delete: "deleted",
  create: "created",
  update: "updated",
  keep: "options changed",
};
const row = 28;
const gap = 44;
/** Rows that one wants to see at first. */
const fewRows = 100;
const narrow = matchMedia("(max-width: 45rem)");

const nodes = data.nodes.map((node, id) => ({ risks: [], lines: [], needs: [], ...node, id, children: [] }));
for (const node of nodes) {
  node.text = `${node.label} ${node.type ?? ""}`.toLowerCase();
  if (node.parent !== undefined) nodes[node.parent].children.push(node);
}
const roots = nodes.filter((node) => node.parent === undefined);
for (const root of roots) countInside(root, 0);

/** Notes how deep a node is, how many resources change below it, by operation, and how many there are. */
function countInside(node, level) {
  node.level = level;
  node.changes = {};
  node.size = 0;
  for (const child of node.children) {
    countInside(child, level + 1);
    node.size += child.size + (child.component ? 0 : 1);
    for (const [operation, number] of Object.entries(child.changes)) add(node.changes, operation, number);
    if (child.operation !== undefined) add(node.changes, child.operation, 1);
  }
  node.marked = node.operation !== undefined || Object.keys(node.changes).length > 0;
  node.children.sort((a, b) => rank(a) - rank(b));
}

/** What is to be looked at comes first, then what is replaced or deleted, here or inside. */
function rank(node) {
  if (node.risks.length > 0) return 0;
  const worst = Object.keys(words).findIndex((word) => node.operation === word || node.changes[word] !== undefined);
  return worst < 0 ? Object.keys(words).length + 1 : worst + 1;
}

function add(counts, key, number) {
  counts[key] = (counts[key] ?? 0) + number;
}

const state = { open: new Set(), selected: undefined, focus: undefined };
const filters = {
  search: element("search"),
  stack: element("stack"),
  system: element("system"),
  changed: element("changed"),
};
let shown = [];

function setUp() {
  element("title").textContent = data.title;
  element("summary").textContent = data.summary;
  document.title = data.title;
  for (const name of ["stack", "system"]) {
    const values = [...new Set(nodes.map((node) => node[name]))].filter(Boolean).sort();
    filters[name].append(new Option(`all ${name}s`, ""), ...values.map((value) => new Option(value, value)));
  }
  for (const [operation, word] of Object.entries(words)) {
    const item = document.createElement("li");
    item.className = operation;
    item.textContent = word;
    element("legend").append(item);
  }
  const changes = nodes.some((node) => node.operation !== undefined);
  filters.changed.checked = changes;
  element("legend").hidden = !changes;
  filters.changed.parentElement.hidden = !changes;
  openFirst(changes);
  for (const filter of Object.values(filters)) filter.addEventListener("input", draw);
  narrow.addEventListener("change", draw);
  element("filters").addEventListener("submit", (event) => event.preventDefault());
  tree.addEventListener("click", (event) => chosen(event.target.closest(".node")));
  tree.addEventListener("keydown", keyed);
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && event.target !== filters.search) {
      event.preventDefault();
      filters.search.focus();
    }
    if (event.key === "Escape") close();
  });
  draw();
}

/** Opens what changes as far as that stays a page or two; without changes the first stack's systems. */
function openFirst(changes) {
  for (const level of changes ? [8, 3, 2, 1] : [2, 1]) {
    const open = nodes.filter((node) => node.level < level && node.children.length > 0 && (!changes || node.marked));
    const rows = open.flatMap((node) => node.children.filter((child) => !changes || child.marked)).length;
    state.open = new Set(open.map(({ id }) => id));
    if (rows <= fewRows) break;
  }
  if (!changes) for (const child of roots[0]?.children ?? []) state.open.add(child.id);
}

/** Whether the search finds a node by itself. */
function found(node) {
  const wanted = filters.search.value.trim().toLowerCase().split(/\s+/);
  return wanted.every((word) => node.text.includes(word));
}

/** What is to be seen of a node: itself if it fits or lies in what was found, and its children that are to be seen. */
function visible(node, above = false) {
  if (filters.stack.value !== "" && node.stack !== filters.stack.value) return undefined;
  const folder = node.system === undefined;
  if (filters.system.value !== "" && !folder && node.system !== filters.system.value) return undefined;
  const searching = filters.search.value.trim() !== "";
  const hit = found(node) && (!folder || !searching);
  const children = node.children.map((child) => visible(child, above || (searching && hit))).filter(Boolean);
  const fits = (hit || above) && (!filters.changed.checked || node.operation !== undefined);
  if (children.length === 0 && (!fits || (folder && filters.system.value !== ""))) return undefined;
  const inside = searching && children.some((child) => child.hit || child.inside);
  return { node, children, hit: searching && hit, inside, open: inside || state.open.has(node.id) };
}

function draw() {
  const forest = roots.map((root) => visible(root)).filter(Boolean);
  shown = [];
  let line = 0;
  const place = (one, depth, parent) => {
    const entry = { ...one, depth, parent, line: 0 };
    shown.push(entry);
    if (narrow.matches) entry.line = line++;
    entry.below = one.open ? one.children.map((child) => place(child, depth + 1, entry)) : [];
    // A parent is next to its first child, so that a path reads from left to right; on a phone, above it.
    if (!narrow.matches) entry.line = entry.below.length > 0 ? entry.below[0].line : line++;
    return entry;
  };
  for (const one of forest) place(one, 0, undefined);
  tree.replaceChildren(...shown.map(item));
  element("none").hidden = shown.length > 0;
  position(line);
  drawEdges();
  const focused = shown.some(({ node }) => node.id === state.focus) ? state.focus : shown[0]?.node.id;
  for (const [at, one] of [...tree.children].entries()) one.tabIndex = shown[at].node.id === focused ? 0 : -1;
}

/** Puts the nodes into columns that are as wide as what is in them. */
function position(lines) {
  const widths = [...tree.children].map((one) => one.offsetWidth);
  const columns = [];
  for (const [at, { depth }] of shown.entries()) columns[depth] = Math.max(columns[depth] ?? 0, widths[at]);
  const left = (depth) =>
    narrow.matches ? 8 + depth * 18 : columns.slice(0, depth).reduce((sum, width) => sum + width + gap, 12);
  for (const [at, entry] of shown.entries()) {
    Object.assign(entry, { x: left(entry.depth), y: 10 + row * entry.line, width: widths[at] });
    Object.assign(tree.children[at].style, { left: `${entry.x}px`, top: `${entry.y}px` });
  }
  const width = Math.max(0, ...shown.map((entry) => entry.x + entry.width)) + 12;
  const height = row * lines + 20;
  Object.assign(tree.style, { width: `${width}px`, height: `${height}px` });
  edges.setAttribute("width", width);
  edges.setAttribute("height", height);
}

function item({ node, children, open, depth }) {
  const one = document.createElement("div");
  const kinds = [node.component ? "component" : "", node.operation ?? "", node.risks.length > 0 ? "risky" : ""];
  one.className = ["node", ...kinds].filter(Boolean).join(" ");
  one.setAttribute("role", "treeitem");
  one.setAttribute("aria-level", depth + 1);
  one.setAttribute("aria-selected", node.id === state.selected);
  if (children.length > 0) one.setAttribute("aria-expanded", open);
  const changes = Object.keys(words).filter((operation) => node.changes[operation] !== undefined);
  const inside = changes.map((operation) => `${node.changes[operation]} ${words[operation]}`);
  const label = document.createElement("span");
  label.className = "label";
  label.textContent = node.label;
  one.append(label);
  for (const operation of changes) {
    const badge = document.createElement("span");
    badge.className = `badge ${operation}`;
    badge.textContent = node.changes[operation];
    one.append(badge);
  }
  if (changes.length === 0 && children.length > 0 && !open) one.append(` (${node.size})`);
  one.title = [node.label, ...inside].join(", ");
  one.setAttribute(
    "aria-label",
    [node.label, words[node.operation], ...inside, ...node.risks].filter(Boolean).join(", "),
  );
  return one;
}

function drawEdges() {
  const places = new Map(shown.map((entry) => [entry.node.id, entry]));
  const paths = [];
  for (const entry of shown) {
    const { x, y, parent } = entry;
    if (parent === undefined) continue;
    if (narrow.matches) paths.push(line(`M${parent.x + 9},${parent.y + 24} V${y + 12} H${x}`, ""));
    else paths.push(curve({ x: parent.x + parent.width, y: parent.y + 12 }, { x, y: y + 12 }, gap / 2, ""));
  }
  const selected = places.get(state.selected);
  for (const id of selected?.node.needs ?? []) {
    const other = places.get(id);
    if (other === undefined) continue;
    const [from, to] = [selected, other].map((entry) => ({ x: entry.x + entry.width, y: entry.y + 12 }));
    paths.push(curve(from, to, -40, "needs"));
  }
  edges.replaceChildren(...paths);
}

/** A curve that leaves and arrives level; `bend` is how far to its side. */
function curve(from, to, bend, kind) {
  const [first, second] =
    bend < 0 ? [Math.max(from.x, to.x) - bend, Math.max(from.x, to.x) - bend] : [to.x - bend, to.x - bend];
  return line(
    `M${from.x},${from.y} H${bend < 0 ? from.x : to.x - gap} C${first},${from.y} ${second},${to.y} ${to.x},${to.y}`,
    kind,
  );
}

function line(shape, kind) {
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", shape);
  path.setAttribute("class", kind);
  return path;
}

function chosen(target) {
  if (target === null) return;
  const { node } = shown[[...tree.children].indexOf(target)];
  if (node.children.length > 0 && (state.selected === node.id || !state.open.has(node.id))) toggle(node);
  select(node.id);
}

function toggle(node) {
  if (!state.open.delete(node.id)) state.open.add(node.id);
}

/** Shows a node's details and goes there. */
function select(id) {
  state.selected = id;
  describe(nodes[id]);
  draw();
  focus(id);
}

function close() {
  state.selected = undefined;
  detail.hidden = true;
  draw();
  focus(state.focus);
}

function focus(id) {
  state.focus = id;
  for (const [at, one] of [...tree.children].entries()) {
    one.tabIndex = shown[at].node.id === id ? 0 : -1;
    if (shown[at].node.id !== id) continue;
    one.focus();
    one.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
}

function keyed(event) {
  const at = [...tree.children].indexOf(event.target);
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
  detail.hidden = false;
  detail.scrollTop = 0;
  const title = document.createElement("h2");
  title.textContent = node.label;
  const facts = document.createElement("dl");
  const changes = Object.entries(node.changes).map(([operation, number]) => `${number} ${words[operation]}`);
  const rows = [
    ["what happens", words[node.operation]],
    ["stack", node.stack],
    ["system", node.system],
    ["type", node.type],
    ["options", node.options],
    ["resources inside", node.size > 0 ? String(node.size) : undefined],
    ["of these", changes.join(", ")],
  ];
  for (const [name, value] of rows) {
    if (value === undefined || value === "") continue;
    const [term, definition] = [document.createElement("dt"), document.createElement("dd")];
    term.textContent = name;
    definition.textContent = value;
    facts.append(term, definition);
  }
  const stops = node.risks.map((reason) => paragraph(`Check: ${reason}`, "stop"));
  const needed = links(
    "Needs",
    node.needs.map((id) => nodes[id]),
  );
  const users = nodes.filter((other) => other.needs.includes(node.id));
  detail.replaceChildren(closer(), title, facts, ...stops, diff(node.lines), ...needed, ...links("Needed by", users));
}

function closer() {
  const one = document.createElement("button");
  one.type = "button";
  one.className = "close";
  one.textContent = "×";
  one.setAttribute("aria-label", "Close details");
  one.addEventListener("click", close);
  return one;
}

function diff(lines) {
  const pre = document.createElement("pre");
  for (const text of lines) {
    const span = document.createElement("span");
    span.textContent = text;
    const plain = /^ {2}\S.*:$/.test(text) ? "field" : "";
    span.className = { "+": "added", "-": "removed", "@": "hunk", " ": plain }[text[0]] ?? "";
    pre.append(span);
  }
  return pre;
}

function links(title, others) {
  if (others.length === 0) return [];
  const list = document.createElement("ul");
  for (const other of others) {
    const [entry, link] = [document.createElement("li"), document.createElement("button")];
    link.type = "button";
    link.textContent = other.label;
    link.addEventListener("click", () => reveal(other));
    entry.append(link);
    list.append(entry);
  }
  return [paragraph(title, "links"), list];
}

/** Goes to a node, whatever hides it. */
function reveal(node) {
  for (let above = nodes[node.parent]; above !== undefined; above = nodes[above.parent]) state.open.add(above.id);
  filters.search.value = "";
  filters.system.value = "";
  if (node.operation === undefined) filters.changed.checked = false;
  select(node.id);
}

function paragraph(text, kind) {
  const one = document.createElement("p");
  one.className = kind;
  one.textContent = text;
  return one;
}

setUp();

// The page's behaviour, without a library. The data comes from ops/lib/status/render/page.ts.
"use strict";

const data = JSON.parse(document.getElementById("data").textContent);
const element = (id) => document.getElementById(id);
const [svg, side] = ["orrery", "side"].map(element);
const states = ["ok", "unknown", "warn", "bad"];
const signs = { ok: "●", unknown: "○", warn: "▲", bad: "◆" };
const words = { ok: "in order", unknown: "unknown", warn: "warning", bad: "bad" };
const shared = "stack";
const narrow = matchMedia("(max-width: 60rem)");
const still = matchMedia("(prefers-reduced-motion: reduce)");
/** Seconds of one revolution. */
const year = 300;

let reports = data.reports;
/** When the server last answered; a file never asks. */
let heard = Date.now();
let chosen = { stack: undefined, system: undefined, part: undefined };
let paused = false;
let angle = 0.35;

const worst = (rows) => states[Math.max(0, ...rows.map(({ state }) => states.indexOf(state)))];
const allRows = () => reports.flatMap((report) => report.rows.map((row) => ({ ...row, stack: report.stack })));
const rowsOf = (report, system) => report.rows.filter((row) => row.system === system);
const several = () => reports.length > 1;
/** How a system is called: with its stack where there are several. */
const called = (stack, system) =>
  system === shared ? (several() ? stack : `${stack}, shared`) : several() ? `${stack}, ${system}` : system;
const bySeverity = (a, b) => states.indexOf(b.state) - states.indexOf(a.state);

/** Parts of a system with their rows; the worst first. */
function partsOf(report, system) {
  const parts = Map.groupBy(rowsOf(report, system), ({ part }) => part);
  return [...parts].map(([part, rows]) => ({ part, rows, state: worst(rows) })).sort(bySeverity);
}

function countText(rows, one) {
  const counts = states.toReversed().flatMap((state) => {
    const count = rows.filter((row) => row.state === state).length;
    return state === "ok" || count === 0 ? [] : [`${count} ${words[state]}`];
  });
  return counts.length > 0 ? counts.join(", ") : one;
}

const inOrder = (parts) => `${parts.length} part${parts.length === 1 ? "" : "s"} in order`;

function span(milliseconds) {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86400)} days`;
}

function html(name, className, ...children) {
  const one = document.createElement(name);
  if (className) one.className = className;
  one.append(...children);
  return one;
}

function shape(name, attributes, ...children) {
  const one = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) one.setAttribute(key, value);
  one.append(...children);
  return one;
}

// The sky

/** Everything that turns: groups with their orbits. */
let bodies = [];

/** Columns and rows of orreries: as large as the window lets them be; on a phone one below the other, or two. */
function grid(count, ratio) {
  if (narrow.matches) return { columns: count > 3 ? 2 : 1, rows: Math.ceil(count / (count > 3 ? 2 : 1)) };
  const sizes = Array.from({ length: count }, (_, at) => {
    const [columns, rows] = [at + 1, Math.ceil(count / (at + 1))];
    return { columns, rows, size: Math.min(ratio / columns / 1.3, 1 / rows) };
  });
  return sizes.reduce((best, one) => (one.size > best.size ? one : best));
}

/** The sky in the drawing's units: as wide as the window lets it be, and on a phone with larger letters. */
function size() {
  const ratio = svg.clientWidth / Math.max(1, svg.clientHeight);
  const { columns, rows } = grid(reports.length, ratio);
  const page = narrow.matches && several();
  const height = page ? (columns === 1 ? 460 : 340) * rows : narrow.matches ? 640 : 860;
  const width = page ? 640 : height * (several() ? ratio : Math.min(2.2, Math.max(0.85, ratio)));
  const cell = { width: width / columns, height: height / rows };
  // One that has the whole sky is drawn in full size.
  const scale = several() ? Math.min(1, Math.max(0.4, Math.min(cell.width / 900, cell.height / 700))) : 1;
  return { width, height, columns, cell, scale: narrow.matches ? Math.min(0.7, scale) : scale };
}

function drawSky() {
  const { width, height, columns, cell, scale } = size();
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  // A phone's page is as long as its orreries need.
  svg.parentElement.style.setProperty("--sky", several() ? `calc(100vw * ${height / width})` : "");
  bodies = [];
  const drawn = reports.flatMap((report, at) => {
    const centre = {
      x: (at % columns) * cell.width + cell.width / 2,
      y: Math.floor(at / columns) * cell.height + cell.height / 2 - 14,
    };
    return drawStack(report, centre, cell, scale);
  });
  const { stack, system } = document.activeElement?.dataset ?? {};
  svg.replaceChildren(gradients(), stars(width, height), ...drawn);
  move();
  if (stack !== undefined && system !== undefined)
    [...svg.querySelectorAll(".planet")]
      .find((one) => one.dataset.stack === stack && one.dataset.system === system)
      ?.focus();
}

/** A sun, its orbits and its planets. */
function drawStack(report, centre, cell, scale) {
  const { systems } = report;
  const [margin, below] = narrow.matches && !several() ? [78, 84] : [20 + 100 * scale, 38 + 80 * scale];
  const far = { x: cell.width / 2 - margin, y: cell.height / 2 - below };
  const factors = systems.map((_, at) => (systems.length < 3 ? 0.85 : at % 2 === 0 ? 1 : 0.6));
  const orbits = [...new Set(factors)].map((factor) =>
    shape("ellipse", { class: "orbit", cx: centre.x, cy: centre.y, rx: far.x * factor, ry: far.y * factor }),
  );
  const own = systems.map((system, at) => ({
    group: planet(report, system, at, scale),
    centre,
    ...{ x: far.x * factors[at], y: far.y * factors[at], turn: (2 * Math.PI * at) / systems.length },
  }));
  bodies.push(...own);
  const sun = star(report, scale, cell);
  sun.setAttribute("transform", `translate(${centre.x} ${centre.y})`);
  return [...orbits, sun, ...own.map(({ group }) => group)];
}

function gradients() {
  const stop = (offset, colour, opacity) =>
    shape("stop", { offset, style: `stop-color:${colour};stop-opacity:${opacity}` });
  return shape(
    "defs",
    {},
    shape(
      "radialGradient",
      { id: "shade", cx: 0.34, cy: 0.3, r: 0.8 },
      stop(0, "#fff", 0.42),
      stop(0.45, "#fff", 0),
      stop(1, "#000", 0.5),
    ),
    shape("radialGradient", { id: "sunlight" }, stop(0.2, "var(--sun)", 0.55), stop(1, "var(--sun)", 0)),
  );
}

/** The same stars each time. */
function stars(width, height) {
  let seed = 42;
  const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  const all = Array.from({ length: 140 }, () =>
    shape("circle", {
      ...{ class: "star", cx: (random() * width).toFixed(1), cy: (random() * height).toFixed(1) },
      ...{ r: (0.4 + random() * 1.3).toFixed(2), opacity: (0.1 + random() * 0.5).toFixed(2) },
    }),
  );
  return shape("g", { "aria-hidden": "true" }, ...all);
}

function star(report, scale, cell) {
  const parts = partsOf(report, shared);
  const state = worst(rowsOf(report, shared));
  const radius = 50 * scale;
  const one = body(report, shared, `${report.stack}, what all systems share`, state, parts);
  one.classList.add("sun");
  one.append(
    shape("circle", { class: "body", r: 2.4 * radius }),
    shape("circle", { class: "core", r: radius }),
    shape("circle", { class: "shade", r: radius, opacity: 0.5 }),
    shape("circle", { class: "halo", r: radius + 7 }),
    ...moons(report, shared, parts, radius),
  );
  // In the corner, where no planet covers it.
  const corner = { class: "stack", x: 22 - cell.width / 2, y: 44 - cell.height / 2 };
  if (several()) one.append(shape("text", corner, report.stack));
  return one;
}

function planet(report, system, at, scale) {
  const parts = partsOf(report, system);
  const state = parts.length === 0 ? "unknown" : worst(rowsOf(report, system));
  const radius = scale * Math.min(62, 24 + 4.6 * Math.sqrt(parts.length));
  const around = moons(report, system, parts, radius);
  const edge = radius + 14 + 13 * Math.max(0, rings(parts.length, radius) - 1) + 8;
  const one = body(report, system, called(report.stack, system), state, parts);
  const bands = Array.from({ length: (at % 3) + 1 }, (_, band) => {
    const y = radius * (-0.45 + (0.9 * (band + 1)) / ((at % 3) + 2));
    const half = Math.sqrt(radius * radius - y * y);
    return shape("path", {
      class: "band",
      d: `M${-half},${y} Q0,${y + radius * 0.22} ${half},${y}`,
      "stroke-width": scale * (3 + ((at + band) % 3) * 2),
    });
  });
  const name = shape("text", { y: edge + 22 }, system);
  const more = shape("text", { class: "more", y: edge + 43 }, countText(rowsOf(report, system), inOrder(parts)));
  one.append(
    shape("circle", { class: "body", r: radius }),
    ...bands,
    shape("circle", { class: "shade", r: radius }),
    shape("circle", { class: "halo", r: radius + 7 }),
    ...[...around, name, more],
  );
  return one;
}

const isChosen = (report, system) => chosen.stack === report.stack && chosen.system === system;

/** A group that can be chosen. */
function body(report, system, name, state, parts) {
  const label = `${name}: ${words[state]}; ${countText(rowsOf(report, system), inOrder(parts))}`;
  const attributes = {
    class: `planet ${state}`,
    tabindex: 0,
    role: "button",
    "aria-label": label,
    "aria-pressed": isChosen(report, system),
  };
  return shape("g", { ...attributes, "data-stack": report.stack, "data-system": system }, shape("title", {}, label));
}

const onRing = (ring, radius) => Math.floor((2 * Math.PI * (radius + 14 + 13 * ring)) / 13);

function rings(count, radius) {
  let [ring, left] = [0, count];
  for (; left > 0; ring++) left -= onRing(ring, radius);
  return ring;
}

/** A moon a part, from the inside out; the worst are in the innermost ring. */
function moons(report, system, parts, radius) {
  let [ring, place] = [0, 0];
  return parts.map(({ part, state }, at) => {
    const inRing = onRing(ring, radius);
    const last = Math.min(inRing, parts.length - at + place);
    const turn = (2 * Math.PI * place) / last - Math.PI / 2;
    const far = radius + 14 + 13 * ring;
    const [x, y] = [far * Math.cos(turn), far * Math.sin(turn)];
    if (++place >= inRing) [ring, place] = [ring + 1, 0];
    const picked = isChosen(report, system) && chosen.part === part ? " chosen" : "";
    const attributes = { class: `moon ${state}${picked}`, "data-part": part, d: moonPath(state) };
    return shape(
      "g",
      { transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})` },
      shape("path", attributes, shape("title", {}, `${part}: ${words[state]}`)),
    );
  });
}

/** States differ in shape, too. */
function moonPath(state) {
  if (state === "bad") return "M0,-7 L7,0 L0,7 L-7,0 Z";
  if (state === "warn") return "M0,-6 L6,5 L-6,5 Z";
  return "M4,0 A4,4 0 1 1 -4,0 A4,4 0 1 1 4,0";
}

function move() {
  for (const { group, centre, x, y, turn } of bodies) {
    const at = [centre.x + x * Math.cos(angle + turn), centre.y + y * Math.sin(angle + turn)];
    group.setAttribute("transform", `translate(${at.map((one) => one.toFixed(1)).join(" ")})`);
  }
}

let before;
function turn(now) {
  // Ten steps a second are smooth enough, and leave a wall screen's processor alone.
  if (before === undefined || now - before > 100) {
    if (before !== undefined && !paused && !still.matches) {
      angle += (Math.min(now - before, 1000) / 1000) * ((2 * Math.PI) / year);
      move();
    }
    before = now;
  }
  requestAnimationFrame(turn);
}

// What stands next to it

function drawSide() {
  const report = reports.find(({ stack }) => stack === chosen.stack);
  if (report === undefined) return side.replaceChildren(...overview());
  const parts = partsOf(report, chosen.system);
  const back = html("button", "", "All systems");
  back.type = "button";
  back.addEventListener("click", () => choose());
  side.replaceChildren(
    html("h2", "", called(report.stack, chosen.system)),
    back,
    ...parts.flatMap(({ part, rows }) => {
      const title = html("h3", part === chosen.part ? "picked" : "", part);
      title.dataset.part = part;
      return [title, html("ul", "", ...rows.toSorted(bySeverity).map((row) => rowItem(row)))];
    }),
    ...(parts.length === 0 ? [html("p", "", "Nothing is known of it.")] : []),
  );
}

function overview() {
  const wrong = allRows()
    .filter(({ state }) => state !== "ok")
    .sort(bySeverity);
  const list = html(
    "ul",
    "",
    ...wrong.map((row) => {
      const owner = row.system === shared ? row.stack : called(row.stack, row.system);
      const where = html("button", "plain", `${owner}, ${row.part}`);
      where.type = "button";
      where.addEventListener("click", () => choose(row.stack, row.system, row.part));
      return rowItem(row, where);
    }),
  );
  return [
    html("h2", "", wrong.length === 0 ? "Everything is as it should be" : "What needs a look"),
    list,
    html("h2", "", "Systems"),
    html("ul", "", ...reports.flatMap((report) => [...report.systems, shared].map((one) => systemItem(report, one)))),
    html("p", "source", sourceText()),
  ];
}

function systemItem(report, system) {
  const rows = rowsOf(report, system);
  const state = rows.length === 0 ? "unknown" : worst(rows);
  const name = system === shared ? `${report.stack}, shared` : called(report.stack, system);
  const go = html("button", "plain", name);
  go.type = "button";
  go.addEventListener("click", () => choose(report.stack, system));
  const count = html("span", "since", `  ${countText(rows, inOrder(partsOf(report, system)))}`);
  return html("li", `row ${state}`, sign(state), " ", go, count);
}

function sourceText() {
  const sources = reports.flatMap((report) => report.sources);
  const silent = sources.filter(({ problem }) => problem !== undefined);
  const seconds = Math.max(...reports.map((report) => report.seconds)).toFixed(1);
  return silent.length === 0
    ? `All ${sources.length} sources answered, in ${seconds} s.`
    : `${silent.length} of ${sources.length} sources did not answer.`;
}

function sign(state) {
  const one = html("span", "sign", signs[state]);
  one.setAttribute("role", "img");
  one.setAttribute("aria-label", words[state]);
  return one;
}

function rowItem(row, where) {
  const since =
    row.since === undefined ? [] : [html("span", "since", `, for ${span(Date.now() - Date.parse(row.since))}`)];
  const text = where === undefined ? [row.text] : [where, `: ${row.text}`];
  return html(
    "li",
    `row ${row.state}`,
    sign(row.state),
    " ",
    ...text,
    ...since,
    html("span", "source", ` (${row.source})`),
  );
}

function choose(stack, system, part) {
  chosen = { stack, system, part };
  drawSky();
  drawSide();
  side.scrollTop = 0;
  const title =
    part === undefined ? undefined : [...side.querySelectorAll("h3")].find((one) => one.dataset.part === part);
  title?.scrollIntoView({ block: "start" });
  if (narrow.matches && system !== undefined) (title ?? side).scrollIntoView({ block: "start" });
}

// The frame

function drawHead() {
  element("title").textContent = data.title;
  const rows = allRows();
  const state = worst(rows);
  document.title = `${signs[state]} ${data.title}: ${countText(rows, "in order")}`;
  const items = states.toReversed().map((one) => {
    const count = rows.filter((row) => row.state === one).length;
    return html("li", one, sign(one), ` ${count} ${words[one]}`);
  });
  element("counts").replaceChildren(...items);
  const news = countText(rows, "everything is in order");
  if (element("news").textContent !== news) element("news").textContent = news;
  drawTime();
}

function drawTime() {
  const silence = Date.now() - heard;
  const stale = data.every !== undefined && silence > 3000 * data.every + 10_000;
  // Of the stack that was looked at first.
  const age = span(Date.now() - Math.min(...reports.map(({ at }) => Date.parse(at))));
  element("time").className = stale ? "stale" : "";
  element("time").textContent = stale
    ? `no answer from the server for ${span(silence)}; seen ${age} ago`
    : `seen ${age} ago`;
}

async function ask() {
  try {
    const answer = await fetch("status.json", { cache: "no-store" });
    if (!answer.ok) return;
    const next = await answer.json();
    heard = Date.now();
    if (next.every(({ at }, index) => at === reports[index]?.at)) return;
    reports = next;
    const place = side.scrollTop;
    drawHead();
    drawSky();
    drawSide();
    side.scrollTop = place;
  } catch {
    // The head says since when there is no answer.
  }
}

function setUp() {
  drawHead();
  drawSky();
  drawSide();
  svg.addEventListener("click", (event) => {
    const group = event.target.closest(".planet");
    if (group === null) return choose();
    choose(group.dataset.stack, group.dataset.system, event.target.closest("[data-part]")?.dataset.part);
  });
  svg.addEventListener("keydown", (event) => {
    const all = [...svg.querySelectorAll(".planet")];
    const at = all.indexOf(event.target);
    const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
    if (at < 0) return;
    if (event.key === "Enter" || event.key === " ") choose(event.target.dataset.stack, event.target.dataset.system);
    else if (event.key in steps) all.at((at + steps[event.key]) % all.length).focus();
    else return;
    event.preventDefault();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") choose();
  });
  for (const [name, value] of [
    ["pointerenter", true],
    ["pointerleave", false],
    ["focusin", true],
    ["focusout", false],
  ])
    svg.addEventListener(name, () => (paused = value));
  new ResizeObserver(drawSky).observe(element("sky"));
  setInterval(drawTime, 5000);
  if (data.every !== undefined) setInterval(ask, 1000 * Math.min(10, data.every));
  requestAnimationFrame(turn);
}

setUp();

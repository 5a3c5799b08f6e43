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

let report = data.report;
/** When the server last answered; a file never asks. */
let heard = Date.now();
let chosen = { system: undefined, part: undefined };
let paused = false;
let angle = 0.35;

const worst = (rows) => states[Math.max(0, ...rows.map(({ state }) => states.indexOf(state)))];
const rowsOf = (system) => report.rows.filter((row) => row.system === system);
const bySeverity = (a, b) => states.indexOf(b.state) - states.indexOf(a.state);

/** Parts of a system with their rows; the worst first. */
function partsOf(system) {
  const parts = Map.groupBy(rowsOf(system), ({ part }) => part);
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

/** The sky in the drawing's units: as wide as the window lets it be, and on a phone with larger letters. */
function size() {
  const height = narrow.matches ? 640 : 860;
  const ratio = svg.clientWidth / Math.max(1, svg.clientHeight);
  return { height, width: height * Math.min(2.2, Math.max(0.85, ratio)) };
}

function drawSky() {
  const { width, height } = size();
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const centre = { x: width / 2, y: height / 2 - 14 };
  const systems = report.systems;
  const far = { x: width / 2 - (narrow.matches ? 78 : 120), y: height / 2 - (narrow.matches ? 84 : 118) };
  const factors = systems.map((_, at) => (systems.length < 3 ? 0.85 : at % 2 === 0 ? 1 : 0.6));
  const orbits = [...new Set(factors)].map((factor) =>
    shape("ellipse", { class: "orbit", cx: centre.x, cy: centre.y, rx: far.x * factor, ry: far.y * factor }),
  );
  bodies = systems.map((system, at) => ({
    group: planet(system, at),
    ...{ x: far.x * factors[at], y: far.y * factors[at], turn: (2 * Math.PI * at) / systems.length },
  }));
  const sun = star();
  sun.setAttribute("transform", `translate(${centre.x} ${centre.y})`);
  const focused = document.activeElement?.dataset?.system;
  svg.replaceChildren(gradients(), stars(width, height), ...orbits, sun, ...bodies.map(({ group }) => group));
  move();
  if (focused !== undefined) svg.querySelector(`[data-system="${focused}"]`)?.focus();
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

function star() {
  const parts = partsOf(shared);
  const state = worst(rowsOf(shared));
  const radius = narrow.matches ? 34 : 50;
  const one = body(shared, `${report.stack}, what all systems share`, state, parts);
  one.classList.add("sun");
  one.append(
    shape("circle", { class: "body", r: 2.4 * radius }),
    shape("circle", { class: "core", r: radius }),
    shape("circle", { class: "shade", r: radius, opacity: 0.5 }),
    shape("circle", { class: "halo", r: radius + 7 }),
    ...moons(shared, parts, radius),
  );
  return one;
}

function planet(system, at) {
  const parts = partsOf(system);
  const state = parts.length === 0 ? "unknown" : worst(rowsOf(system));
  const radius = (narrow.matches ? 0.7 : 1) * Math.min(62, 24 + 4.6 * Math.sqrt(parts.length));
  const around = moons(system, parts, radius);
  const edge = radius + 14 + 13 * Math.max(0, rings(parts.length, radius) - 1) + 8;
  const one = body(system, system, state, parts);
  const bands = Array.from({ length: (at % 3) + 1 }, (_, band) => {
    const y = radius * (-0.45 + (0.9 * (band + 1)) / ((at % 3) + 2));
    const half = Math.sqrt(radius * radius - y * y);
    return shape("path", {
      class: "band",
      d: `M${-half},${y} Q0,${y + radius * 0.22} ${half},${y}`,
      "stroke-width": 3 + ((at + band) % 3) * 2,
    });
  });
  const name = shape("text", { y: edge + 22 }, system);
  const more = shape("text", { class: "more", y: edge + 43 }, countText(rowsOf(system), inOrder(parts)));
  one.append(
    shape("circle", { class: "body", r: radius }),
    ...bands,
    shape("circle", { class: "shade", r: radius }),
    shape("circle", { class: "halo", r: radius + 7 }),
    ...[...around, name, more],
  );
  return one;
}

/** A group that can be chosen. */
function body(system, name, state, parts) {
  const pressed = chosen.system === system;
  const label = `${name}: ${words[state]}; ${countText(rowsOf(system), inOrder(parts))}`;
  const attributes = {
    class: `planet ${state}`,
    tabindex: 0,
    role: "button",
    "aria-label": label,
    "aria-pressed": pressed,
  };
  return shape("g", { ...attributes, "data-system": system }, shape("title", {}, label));
}

const onRing = (ring, radius) => Math.floor((2 * Math.PI * (radius + 14 + 13 * ring)) / 13);

function rings(count, radius) {
  let [ring, left] = [0, count];
  for (; left > 0; ring++) left -= onRing(ring, radius);
  return ring;
}

/** A moon a part, from the inside out; the worst are in the innermost ring. */
function moons(system, parts, radius) {
  let [ring, place] = [0, 0];
  return parts.map(({ part, state }, at) => {
    const inRing = onRing(ring, radius);
    const last = Math.min(inRing, parts.length - at + place);
    const turn = (2 * Math.PI * place) / last - Math.PI / 2;
    const far = radius + 14 + 13 * ring;
    const [x, y] = [far * Math.cos(turn), far * Math.sin(turn)];
    if (++place >= inRing) [ring, place] = [ring + 1, 0];
    const picked = chosen.system === system && chosen.part === part ? " chosen" : "";
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
  const { width, height } = size();
  for (const { group, x, y, turn } of bodies) {
    const at = [width / 2 + x * Math.cos(angle + turn), height / 2 - 14 + y * Math.sin(angle + turn)];
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
  if (chosen.system === undefined) return side.replaceChildren(...overview());
  const parts = partsOf(chosen.system);
  const name = chosen.system === shared ? `${report.stack}, shared` : chosen.system;
  const back = html("button", "", "All systems");
  back.type = "button";
  back.addEventListener("click", () => choose(undefined));
  side.replaceChildren(
    html("h2", "", name),
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
  const wrong = report.rows.filter(({ state }) => state !== "ok").sort(bySeverity);
  const silent = report.sources.filter(({ problem }) => problem !== undefined);
  const list = html(
    "ul",
    "",
    ...wrong.map((row) => {
      const where = html("button", "plain", `${row.system === shared ? report.stack : row.system}, ${row.part}`);
      where.type = "button";
      where.addEventListener("click", () => choose(row.system, row.part));
      return rowItem(row, where);
    }),
  );
  return [
    html("h2", "", wrong.length === 0 ? "Everything is as it should be" : "What needs a look"),
    list,
    html("h2", "", "Systems"),
    html(
      "ul",
      "",
      ...[...report.systems, shared].map((system) => {
        const rows = rowsOf(system);
        const state = rows.length === 0 ? "unknown" : worst(rows);
        const go = html("button", "plain", system === shared ? `${report.stack}, shared` : system);
        go.type = "button";
        go.addEventListener("click", () => choose(system));
        return html(
          "li",
          `row ${state}`,
          sign(state),
          " ",
          go,
          html("span", "since", `  ${countText(rows, inOrder(partsOf(system)))}`),
        );
      }),
    ),
    html(
      "p",
      "source",
      silent.length === 0
        ? `All ${report.sources.length} sources answered, in ${report.seconds.toFixed(1)} s.`
        : `${silent.length} of ${report.sources.length} sources did not answer.`,
    ),
  ];
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

function choose(system, part) {
  chosen = { system, part };
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
  element("title").textContent = report.stack;
  const state = worst(report.rows);
  document.title = `${signs[state]} ${report.stack}: ${countText(report.rows, "in order")}`;
  const items = states.toReversed().map((one) => {
    const count = report.rows.filter((row) => row.state === one).length;
    return html("li", one, sign(one), ` ${count} ${words[one]}`);
  });
  element("counts").replaceChildren(...items);
  const news = countText(report.rows, "everything is in order");
  if (element("news").textContent !== news) element("news").textContent = news;
  drawTime();
}

function drawTime() {
  const silence = Date.now() - heard;
  const stale = data.every !== undefined && silence > 3000 * data.every + 10_000;
  const age = span(Date.now() - Date.parse(report.at));
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
    if (next.at === report.at) return;
    report = next;
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
    if (group === null) return choose(undefined);
    choose(group.dataset.system, event.target.closest("[data-part]")?.dataset.part);
  });
  svg.addEventListener("keydown", (event) => {
    const all = [...svg.querySelectorAll(".planet")];
    const at = all.indexOf(event.target);
    const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
    if (at < 0) return;
    if (event.key === "Enter" || event.key === " ") choose(event.target.dataset.system);
    else if (event.key in steps) all.at((at + steps[event.key]) % all.length).focus();
    else return;
    event.preventDefault();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") choose(undefined);
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

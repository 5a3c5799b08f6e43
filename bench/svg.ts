/** Small plots as SVG, readable on light and dark pages. */

const style = `text{font:13px system-ui,sans-serif;fill:#1f2328}.title{font-size:16px;font-weight:600}.note{font-size:11px;fill:#656d76}
.axis{stroke:#d1d9e0}.c0{fill:#0969da;stroke:#0969da}.c1{fill:#bc4c00;stroke:#bc4c00}.c2{fill:#8c959f;stroke:#8c959f}.line{fill:none;stroke-width:2}
@media(prefers-color-scheme:dark){text{fill:#f0f6fc}.note{fill:#9198a1}.axis{stroke:#3d444d}.c0{fill:#4493f8;stroke:#4493f8}.c1{fill:#f0883e;stroke:#f0883e}.c2{fill:#848d97;stroke:#848d97}}`;

/** Colours by position: the project itself, today's tool, the floor. */
type Colour = 0 | 1 | 2;

/** A bar with its name and value. */
export interface Bar {
  readonly label: string;
  readonly value: number;
  readonly colour: Colour;
}

/** Bars that belong together, e.g. of one system. */
export interface Group {
  readonly label: string;
  readonly bars: readonly Bar[];
}

/** A line through points. */
export interface Line {
  readonly label: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  readonly colour: Colour;
}

const width = 760;

export function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

const n = (value: number): string => String(Math.round(value * 10) / 10);

function text(x: number, y: number, content: string, more = ""): string {
  return `<text x="${n(x)}" y="${n(y)}"${more}>${escape(content)}</text>`;
}

/** A document with a title above and a note below, which is broken into lines. */
function page(title: string, note: string, height: number, body: readonly string[]): string {
  const words = note.split(" ");
  const lines = [""];
  for (const word of words) {
    const last = lines.at(-1) ?? "";
    if (last.length + word.length > 125) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`.trim();
  }
  const whole = height + 24 + lines.length * 15;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${whole}" role="img" aria-label="${escape(title)}">`,
    `<style>${style}</style>`,
    text(16, 28, title, ' class="title"'),
    ...body,
    ...lines.map((line, at) => text(16, height + 24 + at * 15, line, ' class="note"')),
    "</svg>",
    "",
  ].join("\n");
}

/** Horizontal bars by group; values are written next to them with their unit. */
export function bars(title: string, note: string, groups: readonly Group[], unit: string): string {
  const [left, right, thick] = [190, 70, 16];
  const longest = Math.max(...groups.flatMap((group) => group.bars.map(({ value }) => value)), 0.001);
  const body: string[] = [];
  let y = 48;
  for (const group of groups) {
    body.push(text(16, y + 13, group.label, ' style="font-weight:600"'));
    for (const { label, value, colour } of group.bars) {
      const long = ((width - left - right) * value) / longest;
      body.push(
        text(left - 8, y + 13, label, ' text-anchor="end"'),
        `<rect x="${left}" y="${y}" width="${n(Math.max(long, 1))}" height="${thick}" rx="2" class="c${colour}"/>`,
        text(left + long + 6, y + 13, `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ${unit}`),
      );
      y += thick + 4;
    }
    y += 12;
  }
  return page(title, note, y, body);
}

/** Values whose labels do not cover each other: each at least so many pixels from the one before. */
export function apart(values: readonly number[], place: (value: number) => number, least: number): readonly number[] {
  const kept: number[] = [];
  for (const value of [...values].sort((one, other) => one - other)) {
    const last = kept.at(-1);
    if (last === undefined || Math.abs(place(value) - place(last)) >= least) kept.push(value);
  }
  return kept;
}

/** Lines on two logarithmic axes: a straight one of slope 1 is linear growth. */
export function lines(title: string, note: string, all: readonly Line[], unit: string, along: string): string {
  const [left, top, right, bottom] = [70, 52, 200, 330];
  const points = all.flatMap((line) => line.points);
  const scale = (values: readonly number[], from: number, to: number): ((value: number) => number) => {
    const [low, high] = [Math.log(Math.min(...values)), Math.log(Math.max(...values))];
    return (value) => from + ((to - from) * (Math.log(value) - low)) / (high - low === 0 ? 1 : high - low);
  };
  const x = scale(
    points.map(([at]) => at),
    left,
    width - right,
  );
  const y = scale(
    points.map(([, value]) => value),
    bottom,
    top,
  );
  const body = [
    `<path class="axis" fill="none" d="M${left} ${top}V${bottom + 6}H${width - right}"/>`,
    text((left + width - right) / 2, bottom + 40, along, ' text-anchor="middle"'),
    ...apart(
      points.map(([at]) => at),
      x,
      36,
    ).map((at) => text(x(at), bottom + 22, String(at), ' text-anchor="middle"')),
    ...apart(
      all.flatMap((line) => line.points[0]?.[1] ?? []),
      y,
      14,
    ).map((value) => text(left - 8, y(value) + 4, `${n(value)} ${unit}`, ' text-anchor="end"')),
  ];
  for (const { label, points: own, colour } of all) {
    const path = own.map(([at, value], index) => `${index === 0 ? "M" : "L"}${n(x(at))} ${n(y(value))}`).join("");
    body.push(`<path class="line c${colour}" style="fill:none" d="${path}"/>`);
    for (const [at, value] of own) body.push(`<circle class="c${colour}" cx="${n(x(at))}" cy="${n(y(value))}" r="3"/>`);
    const last = own.at(-1);
    if (last !== undefined) body.push(text(x(last[0]) + 10, y(last[1]) + 4, `${n(last[1])} ${unit}: ${label}`));
  }
  return page(title, note, bottom + 50, body);
}

/** Pictures of the lab's pages, by Chromium without a window. */
import { mkdirSync } from "node:fs";
import path from "node:path";
import { chromium as engine, type Page } from "playwright-core";
import { chromium, chromiumArgs, pageAt } from "../browser.ts";
import type { LabSettings } from "../settings.ts";

/** A page and what it must show before its picture is taken. */
export interface Scene {
  readonly name: string;
  readonly url: string;
  readonly shows: string;
  /** For a page that the router does not serve: makes it reachable. @default the router serves it */
  readonly open?: () => Promise<Reached>;
  /** What somebody does on the page first, such as signing on. @default nothing */
  readonly act?: (page: Page) => Promise<void>;
}

/** A page while it can be reached. */
interface Reached {
  readonly url: string;
  readonly login: { readonly username: string; readonly password: string };
  readonly close: () => void;
}

const size = { width: 1280, height: 720 };
/** Pixels of a page that are shown at most. */
const tallest = 1200;
const patience = 60_000;
/** Deck, for one, asks the cluster twice a minute, and its page stays as it was loaded. */
const reload = 10_000;

/**
 * Takes a picture of each page.
 * @returns their files; empty where there is no Chromium
 * @throws if a page does not show what it must
 */
export async function takePictures(
  lab: LabSettings,
  folder: string,
  scenes: readonly Scene[],
): Promise<readonly string[]> {
  const executablePath = chromium();
  const [first] = scenes;
  if (executablePath === undefined || first === undefined) return [];
  mkdirSync(folder, { recursive: true });
  // Playwright has a profile of its own and opens pages itself.
  const args = chromiumArgs(lab, pageAt(lab, first.url)).filter(
    (one) => one !== first.url && !one.startsWith("--user-data-dir="),
  );
  const ways: Reached[] = [];
  const browser = await engine.launch({ executablePath, args });
  try {
    const taken: string[] = [];
    for (const { name, url, open, shows, act } of scenes) {
      const reached = await open?.();
      if (reached !== undefined) ways.push(reached);
      const login = reached === undefined ? {} : { httpCredentials: reached.login };
      const page = await browser.newPage({ viewport: size, ...login });
      page.setDefaultTimeout(patience);
      await page.goto(reached?.url ?? url, { waitUntil: "domcontentloaded" });
      await act?.(page);
      // Deck's views of a job are frames.
      const seen = async (): Promise<boolean> => {
        const found = page.frames().map((frame) =>
          frame
            .getByText(shows)
            .count()
            .catch(() => 0),
        );
        return (await Promise.all(found)).some((count) => count > 0);
      };
      const end = Date.now() + patience;
      let loaded = Date.now();
      while (!(await seen())) {
        if (Date.now() > end) throw new Error(`${url} does not show "${shows}"`);
        await page.waitForTimeout(500);
        if (Date.now() - loaded < reload) continue;
        await page.reload({ waitUntil: "domcontentloaded" });
        loaded = Date.now();
      }
      const height = Number(await page.evaluate("document.documentElement.scrollHeight"));
      await page.setViewportSize({ ...size, height: Math.min(Math.max(height, size.height), tallest) });
      const file = path.join(folder, `${name}.png`);
      await page.screenshot({ path: file });
      taken.push(file);
      await page.close();
    }
    return taken;
  } finally {
    for (const { close } of ways) close();
    await browser.close();
  }
}

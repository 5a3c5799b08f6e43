/** A pupil with a browser: signs on, starts the own server, works in a notebook. */
import { mkdirSync } from "node:fs";
import path from "node:path";
import { type Browser, type BrowserContext, chromium as engine, type Page } from "playwright-core";
import { chromium } from "../../browser.ts";

/** An emulated machine needs half a minute for what another does in three seconds. */
const patience = 300_000;
const size = { width: 1280, height: 720 };

/** Where the hub is, and by which key it is known. */
interface Place {
  readonly hostname: string;
  readonly address: string;
  /** Hash of the web server's key. */
  readonly pin: string;
}

/** What does not happen is named, without the steps that Playwright tried. */
async function happens<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const [reason] = (error instanceof Error ? error.message : String(error)).split("\n");
    throw new Error(`${what} did not happen: ${reason ?? ""}`, { cause: error });
  }
}

/** The caller of `open` calls `close`. */
export class Pupil {
  private readonly browser: Browser;
  private readonly context: BrowserContext;
  private readonly hub: string;
  private page: Page;

  private constructor(browser: Browser, context: BrowserContext, page: Page, hub: string) {
    this.browser = browser;
    this.context = context;
    this.page = page;
    this.hub = hub;
  }

  /** @throws if there is no Chromium */
  static async open({ hostname, address, pin }: Place): Promise<Pupil> {
    const executablePath = chromium();
    if (executablePath === undefined)
      throw new Error("there is no Chromium on this machine; apt-get install chromium installs one");
    const args = [
      `--host-resolver-rules=MAP ${hostname} ${address}`,
      `--ignore-certificate-errors-spki-list=${pin}`,
      // Chromium refuses to run as root with its sandbox.
      ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
    ];
    // Playwright would end this whole process.
    const signals = { handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false };
    const browser = await engine.launch({ executablePath, args, ...signals });
    const context = await browser.newContext({ viewport: size });
    context.setDefaultTimeout(patience);
    return new Pupil(browser, context, await context.newPage(), `https://${hostname}/jupyter`);
  }

  close(): Promise<void> {
    return this.browser.close();
  }

  /** Signs on at the hub's identity provider. @returns the page's title there */
  async signOn(name: string, password: string): Promise<string> {
    return happens("the sign-on", async () => {
      const title = await this.fillIn(name, password);
      await this.page.waitForURL(`${this.hub}/hub/**`);
      return title;
    });
  }

  /** Signs on in vain. @returns what the identity provider says */
  async refused(name: string, password: string): Promise<string> {
    await this.fillIn(name, password);
    return (
      (await this.page
        .getByText(/incorrect/i)
        .first()
        .textContent()) ?? ""
    );
  }

  private async fillIn(name: string, password: string): Promise<string> {
    await this.page.goto(`${this.hub}/hub/home`, { waitUntil: "domcontentloaded" });
    const source = this.page.locator("[name^='src-']").first();
    const form = this.page.locator("input[name=password]");
    await source.or(form).waitFor();
    if (await source.isVisible()) await source.click();
    await form.waitFor();
    const title = await this.page.title();
    await this.page.fill("input[name=username]", name);
    await form.fill(password);
    await form.press("Enter");
    return title;
  }

  /** Starts the server and waits for its list of files. @returns the pupil's name at the hub */
  async startServer(): Promise<string> {
    return happens("the list of files of the own server", async () => {
      await this.page.goto(`${this.hub}/hub/spawn`, { waitUntil: "domcontentloaded" });
      await this.page.waitForURL(`${this.hub}/user/*/tree**`);
      await this.page.locator("#notebook_list").waitFor();
      return /\/user\/([^/]+)\//.exec(this.page.url())?.[1] ?? "";
    });
  }

  /** What the page says on top. */
  async announcement(): Promise<string> {
    const text = await this.page.locator(".alert-danger").first().textContent();
    return (text ?? "").replace("×", "").trim();
  }

  /** Makes a notebook by the list's menu; its page takes the list's place. @returns its file */
  async newNotebook(): Promise<string> {
    return happens("the new notebook", async () => {
      const opened = this.context.waitForEvent("page");
      await this.page.locator("#new-dropdown-button, #new-buttons button").first().click();
      await this.page.locator("#kernel-python3 a").click();
      return this.turnTo(await opened);
    });
  }

  /** Opens a notebook that is there. */
  async openNotebook(user: string, file: string): Promise<void> {
    await happens(`the page of ${file}`, async () => {
      await this.page.goto(`${this.hub}/user/${user}/notebooks/${file}`, { waitUntil: "domcontentloaded" });
      await this.turnTo(this.page);
    });
  }

  private async turnTo(page: Page): Promise<string> {
    this.page = page;
    await page.locator("#kernel_indicator_icon.kernel_idle_icon").waitFor();
    return decodeURIComponent(/\/notebooks\/([^?]+)/.exec(page.url())?.[1] ?? "");
  }

  /** Fills the last cell and runs it. @returns what it prints */
  async run(code: string): Promise<string> {
    return happens("the output of a cell", async () => {
      const cells = this.page.locator(".code_cell");
      const cell = cells.nth((await cells.count()) - 1);
      await cell.locator(".CodeMirror").click();
      await this.page.keyboard.insertText(code);
      await this.page.keyboard.press("Shift+Enter");
      const output = cell.locator(".output_area pre");
      await output.first().waitFor();
      return (await output.allTextContents()).join("\n").trim();
    });
  }

  /** Saves the notebook. @throws if the server refuses it */
  async save(): Promise<void> {
    await happens("saving the notebook", async () => {
      const answered = this.page.waitForResponse(
        (answer) => answer.request().method() === "PUT" && answer.url().includes("/api/contents/"),
      );
      await this.page.keyboard.press("Control+S");
      const answer = await answered;
      if (!answer.ok()) throw new Error(`the server answers ${answer.status()}`);
    });
  }

  /** What the notebook's cells have printed. */
  async outputs(): Promise<readonly string[]> {
    const output = this.page.locator(".output_area pre");
    await output.first().waitFor();
    return (await output.allTextContents()).map((text) => text.trim());
  }

  /** @returns the picture's file */
  async picture(folder: string, called: string): Promise<string> {
    mkdirSync(folder, { recursive: true });
    const file = path.join(folder, `${called}.png`);
    await this.page.screenshot({ path: file });
    return file;
  }
}

// A server with its synthetic country in a folder of its own, and browsers that watch for what must not happen:
// console errors, blocked content, pages wider than a phone, and anything that axe finds.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const require = createRequire(new URL("../ui/package.json", import.meta.url));
const { chromium } = require("playwright-core");
const axeSource = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const PERSONS = 2000;
const START_MS_MAX = 120_000;
const WAIT_MS_MAX = 15_000;
const PHONE = { width: 320, height: 720 };
const DESKTOP = { width: 1280, height: 900 };
const pictures = fileURLToPath(new URL("../docs/guide/img/", import.meta.url));

function setting(name) {
  const value = process.env[name];
  assert.ok(value, `${name} must name a program; ./test sets it`);
  return value;
}

/** Runs a command of the program to its end in a folder, while no server runs there. */
export function runCommand(folder, words) {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("DANCU_")));
  const { status, stderr } = spawnSync(setting("DANCU_BINARY"), words, { cwd: folder, env, encoding: "utf8" });
  assert.equal(status, 0, stderr);
}

/** Starts the server; resolves once it has printed what to try. `prepare(folder)` works on the folder before the browser comes,
    with the country in it and no server. */
export async function openHouse({ prepare } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "dancu-e2e-"));
  if (prepare) {
    const first = await startServer(folder);
    first.server.kill("SIGTERM");
    assert.equal(await first.ended, 0, "the server stops cleanly");
    prepare(folder);
  }
  const { demo, server, ended } = await startServer(folder);
  const browser = await chromium.launch({ executablePath: setting("DANCU_CHROMIUM"), args: ["--no-sandbox"] });
  return {
    ...demo,
    folder,
    /** The text of the card of one kind, by the English half of its name. */
    card: (kind) => demo.cards.find((card) => card.kind.endsWith(`/ ${kind}`)),
    codeOf: (page) => demo.staff.find((staff) => staff.page === page).code,
    visitor: (settings = {}) => newVisitor(browser, demo.origin, settings),
    async close() {
      await browser.close();
      server.kill("SIGTERM");
      assert.equal(await ended, 0, "the server stops cleanly");
      rmSync(folder, { recursive: true });
    },
  };
}

async function startServer(folder) {
  const options = ["up", "--demo", "--persons", String(PERSONS), "--json", "--listen", "127.0.0.1:0"];
  // Our own variables are no settings of the server.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("DANCU_")));
  const stdio = ["ignore", "pipe", "inherit"];
  const server = spawn(setting("DANCU_BINARY"), options, { cwd: folder, env, stdio });
  const ended = new Promise((resolve) => server.once("exit", resolve));
  const timer = setTimeout(() => server.kill("SIGKILL"), START_MS_MAX);
  let demo;
  for await (const line of createInterface({ input: server.stdout })) {
    demo = JSON.parse(line);
    break;
  }
  clearTimeout(timer);
  assert.ok(demo, "the server ended before it was ready");
  return { demo, server, ended };
}

async function newVisitor(browser, origin, settings) {
  const context = await browser.newContext({ baseURL: origin, viewport: DESKTOP, locale: "vi-VN", ...settings });
  context.setDefaultTimeout(WAIT_MS_MAX);
  const page = await context.newPage();
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (line) => {
    // A page that is itself an error state is reported as a resource that failed to load; that is meant.
    const isOwnStatus = line.text().startsWith("Failed to load resource") && line.location().url === page.url();
    if (line.type() === "error" && !isOwnStatus) {
      complaints.push(line.text());
    }
  });
  return {
    page,
    context,
    /** Signs a member of staff in by a one-time code, as a person does. */
    async signIn(code) {
      await page.goto("/sign-in/code");
      await page.fill("#code", code);
      await page.keyboard.press("Enter");
      await page.waitForURL((url) => !url.pathname.startsWith("/sign-in/code"));
    },
    inspect: (name) => inspect(page, complaints, name),
    async close() {
      assert.deepEqual(complaints, [], "the console stayed silent");
      await context.close();
    },
  };
}

/** What reaches beyond the right edge, if the page can be scrolled sideways. */
async function tooWide(page) {
  await page.evaluate(() => document.fonts.ready.then(() => {}));
  return page.evaluate(() => {
    const isOut = (element) => element.getBoundingClientRect().right > window.innerWidth;
    const scrolls = document.documentElement.scrollWidth > window.innerWidth;
    return scrolls ? [...document.querySelectorAll("body *")].filter(isOut).map((element) => element.outerHTML) : [];
  });
}

/** Holds a page, as it stands, to what every page must be, at both widths. `name`: its picture, if it has one. */
async function inspect(page, complaints, name) {
  for (const viewport of [DESKTOP, PHONE]) {
    await page.setViewportSize(viewport);
    assert.deepEqual(await tooWide(page), [], `${page.url()} fits into ${viewport.width} px`);
    await page.evaluate(axeSource);
    const found = await page.evaluate(async () => (await window.axe.run(document)).violations);
    const lines = found.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html}`));
    assert.deepEqual(lines, [], `axe at ${page.url()}, ${viewport.width} px`);
    if (name && process.env.DANCU_SCREENSHOTS === "1") {
      mkdirSync(pictures, { recursive: true });
      await page.screenshot({ path: join(pictures, `${name}-${viewport.width}.png`), fullPage: true });
    }
  }
  await page.setViewportSize(DESKTOP);
  assert.deepEqual(complaints, [], `console of ${page.url()}`);
}

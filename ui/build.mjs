// Builds everything that the binary embeds into dist/: styles, scripts, fonts, the QR reader's WebAssembly,
// the licences of what is bundled, and `version`, a hash over all of it. Pages address files as
// /assets/<version>/<name>: names stay plain, relative addresses inside stay right, caches may keep them for ever.
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { compile } from "sass";

const home = dirname(fileURLToPath(import.meta.url));
const packages = join(home, "node_modules");
const finished = join(home, "dist");
/** Built aside and moved into place at the end: whoever embeds dist/ meanwhile finds it whole. */
const dist = join(packages, ".dancu-ui-dist");

const FONT_WEIGHTS = [400, 600, 700];
const FONT_SUBSETS = ["vietnamese", "latin"];
/** Package → its licence file; null where the package carries only the line in its package.json. */
const BUNDLED = {
  "govuk-frontend": null,
  "@fontsource/be-vietnam-pro": "LICENSE",
  "zxing-wasm": "LICENSE",
};

function buildStyles() {
  const { css } = compile(join(home, "styles/app.scss"), {
    loadPaths: [packages],
    style: "compressed",
    quietDeps: true,
  });
  writeFileSync(join(dist, "app.css"), css);
}

function copyFonts() {
  for (const subset of FONT_SUBSETS) {
    for (const weight of FONT_WEIGHTS) {
      const source = `@fontsource/be-vietnam-pro/files/be-vietnam-pro-${subset}-${weight}-normal.woff2`;
      copyFileSync(join(packages, source), join(dist, `be-vietnam-pro-${subset}-${weight}.woff2`));
    }
  }
}

async function buildScripts() {
  const entries = ["app", "reception", "scan", "passkey", "proof", "live"];
  await build({
    entryPoints: entries.map((name) => join(home, `src/${name}.ts`)),
    outdir: dist,
    bundle: true,
    // The QR reader stays a file of its own, fetched when the camera starts.
    external: ["./scan.js"],
    format: "esm",
    target: "es2022",
    minify: true,
    legalComments: "none",
    logLevel: "warning",
  });
  copyFileSync(join(packages, "zxing-wasm/dist/reader/zxing_reader.wasm"), join(dist, "zxing_reader.wasm"));
}

function writeLicences() {
  const parts = Object.entries(BUNDLED).map(([name, file]) => {
    const about = JSON.parse(readFileSync(join(packages, name, "package.json"), "utf8"));
    const text = file
      ? readFileSync(join(packages, name, file), "utf8")
      : readFileSync(join(home, "static", `licence-${name}.txt`), "utf8");
    return `${about.name} ${about.version} (${about.license})\n\n${text.trim()}\n`;
  });
  writeFileSync(join(dist, "licences.txt"), parts.join(`\n${"-".repeat(72)}\n\n`));
}

function writeVersion() {
  const hash = createHash("sha256");
  for (const name of readdirSync(dist).sort()) {
    const bytes = readFileSync(join(dist, name));
    hash.update(`${name}\0${bytes.length}\0`).update(bytes);
  }
  writeFileSync(join(dist, "version"), hash.digest("hex").slice(0, 16));
}

function printSizes() {
  for (const name of readdirSync(dist).sort()) {
    const bytes = readFileSync(join(dist, name));
    const kib = (count) => (count / 1024).toFixed(1).padStart(7);
    console.log(`${name.padEnd(38)} ${kib(bytes.length)} KiB ${kib(gzipSync(bytes).length)} KiB gzip`);
  }
}

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist);
buildStyles();
copyFonts();
await buildScripts();
copyFileSync(join(home, "static/mark.svg"), join(dist, "mark.svg"));
writeLicences();
writeVersion();
printSizes();
rmSync(finished, { recursive: true, force: true });
renameSync(dist, finished);

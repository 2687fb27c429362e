// Compiles the unit tests (src/*.test.ts) with esbuild into a temporary folder and runs them with node --test.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const sources = fileURLToPath(new URL("src/", import.meta.url));
const tests = readdirSync(sources).filter((name) => name.endsWith(".test.ts"));
const folder = mkdtempSync(join(tmpdir(), "dancu-ui-test-"));
try {
  await build({
    entryPoints: tests.map((name) => join(sources, name)),
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    sourcemap: "inline",
    logLevel: "warning",
  });
  const files = tests.map((name) => join(folder, name.replace(/\.ts$/, ".mjs")));
  const run = spawnSync(process.execPath, ["--enable-source-maps", "--test", ...files], { stdio: "inherit" });
  process.exitCode = run.status ?? 1;
} finally {
  rmSync(folder, { recursive: true });
}

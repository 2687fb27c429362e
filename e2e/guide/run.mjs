#!/usr/bin/env node
// Runs recorded sessions of docs/guide as a reader would, and compares what is printed.
//
//   node e2e/guide/run.mjs                   runs all of them with the program that DANCU_BINARY names
//                                            (default: target/debug/dancu)
//   node e2e/guide/run.mjs register.md       runs one
//   node e2e/guide/run.mjs --show …          prints what really came out, to bring a page up to date
//
// GUIDE_STORE_URL, when set, is the database of the sessions in place of files in the data folder.
//
// A block ```console holds commands after "$ " (continued after "> ") and below them what they print, standard output
// and errors together. "…" stands for anything within a line, a line of "…" alone for any number of lines.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const PAGES = ["first-hour.md", "register.md", "connect-an-agency.md", "match.md", "clean-a-file.md"];
const PAGE_PORT = 8080;
const COMMAND_MS_MAX = 60_000;

/** The commands of a page with their line numbers and what they should print. */
export function readSession(text) {
  const steps = [];
  let inBlock = false;
  for (const [index, line] of text.split("\n").entries()) {
    if (line.startsWith("```")) {
      inBlock = !inBlock && line.trim() === "```console";
    } else if (inBlock && line.startsWith("$ ")) {
      steps.push({ line: index + 1, command: line.slice(2), expected: [] });
    } else if (inBlock && /^>( |$)/.test(line) && steps.at(-1)?.expected.length === 0) {
      steps.at(-1).command += `\n${line.slice(2)}`;
    } else if (inBlock) {
      if (steps.length === 0) {
        throw new Error(`line ${index + 1}: output before any command`);
      }
      steps.at(-1).expected.push(line);
    }
  }
  return steps;
}

/** Whether the printed lines are the expected ones, wildcards considered. */
export function matches(expected, printed) {
  if (expected.length === 0) {
    return printed.length === 0;
  }
  const [first, ...rest] = expected;
  if (first.trim() === "…") {
    return printed.some((_, skipped) => matches(rest, printed.slice(skipped))) || matches(rest, []);
  }
  return printed.length > 0 && lineMatches(first, printed[0]) && matches(rest, printed.slice(1));
}

function lineMatches(expected, printed) {
  const literal = (part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${expected.trimEnd().split("…").map(literal).join(".*")}$`, "u").test(printed.trimEnd());
}

/** A port that nobody listens on at this moment. */
function freePort() {
  return new Promise((done, fail) => {
    const server = createServer().once("error", fail);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

const exchangePort = (text, from, to) =>
  text.replaceAll(`localhost:${from}`, `localhost:${to}`).replaceAll(`127.0.0.1:${from}`, `127.0.0.1:${to}`);

/** One shell for the whole session, so that variables live on; it leads a process group of its own. */
class Shell {
  #child;
  #printed = "";
  #wake = () => {};
  #mark = `end-of-command-${process.pid}`;

  constructor(folder, program) {
    const bin = join(folder, "bin");
    mkdirSync(bin);
    symlinkSync(program, join(bin, "dancu"));
    // Our own variables are no settings of the program.
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("DANCU_")));
    Object.assign(env, { PATH: `${bin}:${env.PATH}`, LC_ALL: "C.UTF-8", REPOSITORY: root.replace(/\/$/, "") });
    if (process.env.GUIDE_STORE_URL) {
      env.DANCU_STORE_URL = process.env.GUIDE_STORE_URL;
    }
    const work = join(folder, "work");
    mkdirSync(work);
    this.#child = spawn("bash", ["--noprofile", "--norc"], { cwd: work, env, detached: true });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        this.#printed += text;
        this.#wake();
      });
    }
    this.#child.once("exit", () => this.#wake());
    this.#child.stdin.write("exec 2>&1\n");
  }

  /** Runs a command; gives what it printed. */
  async run(command) {
    this.#printed = "";
    this.#child.stdin.write(`${command}\nprintf '\\n%s\\n' '${this.#mark}'\n`);
    const end = `\n${this.#mark}\n`;
    const deadline = setTimeout(() => this.stop(), COMMAND_MS_MAX);
    while (!this.#printed.includes(end)) {
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) {
        throw new Error(`the shell ended, or the command took more than ${COMMAND_MS_MAX / 1000} s:\n${this.#printed}`);
      }
      await new Promise((wake) => (this.#wake = wake));
    }
    clearTimeout(deadline);
    return this.#printed.slice(0, this.#printed.indexOf(end));
  }

  /** Ends the shell and whatever the session left running. */
  stop() {
    try {
      process.kill(-this.#child.pid, "SIGKILL");
    } catch (error) {
      if (error.code !== "ESRCH") {
        throw error;
      }
    }
  }
}

async function main() {
  const program = resolve(process.env.DANCU_BINARY ?? join(root, "target/debug/dancu"));
  if (!existsSync(program)) {
    throw new Error(`${program} is not there: build it with \`cargo build -p dancu\`, or name another in DANCU_BINARY`);
  }
  const named = process.argv.slice(2).filter((word) => word !== "--show");
  let failures = 0;
  for (const page of named.length > 0 ? named : PAGES) {
    failures += await repeat(page, program, process.argv.includes("--show"));
  }
  process.exitCode = failures === 0 ? 0 : 1;
}

/** Runs one page; gives how many commands printed something else. */
async function repeat(page, program, show) {
  const steps = readSession(readFileSync(join(root, "docs/guide", page), "utf8"));
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "dancu-guide-"));
  const shell = new Shell(folder, program);
  let failures = 0;
  try {
    for (const { line, command, expected } of steps) {
      const output = exchangePort(await shell.run(exchangePort(command, PAGE_PORT, port)), port, PAGE_PORT);
      const printed = output === "" ? [] : output.replace(/\n$/, "").split("\n");
      if (show) {
        console.log(`${line}: $ ${command}\n${output}`);
      } else if (!matches(expected.join("\n").trimEnd() === "" ? [] : expected, printed)) {
        failures += 1;
        console.error(`${page}, line ${line}: $ ${command}\n  expected:\n${indent(expected)}\n  printed:\n${indent(printed)}`);
      }
    }
  } finally {
    shell.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  console.log(`${page}: ${steps.length} commands, ${failures} not as printed there`);
  return failures;
}

function indent(lines) {
  return lines.map((line) => `    ${line}`).join("\n");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main();
}

// The examples of docs/clients, each in its language where that is at hand: the same answer from all of them.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { isAbsolute, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { openHouse } from "./house.mjs";

const CLIENT = "ngan-hang-demo-core";
const folder = fileURLToPath(new URL("../docs/clients/", import.meta.url));
const PROGRAM_MS_MAX = 60_000;

/** What runs an example, and how to see whether it is there. */
const LANGUAGES = [
  { name: "curl", run: ["bash", "verify.sh"], needs: ["curl", "--version"] },
  { name: "JavaScript", run: ["node", "verify.mjs"], needs: ["node", "--version"] },
  { name: "Python", run: ["python3", "verify.py"], needs: ["python3", "-c", "import cryptography"] },
  { name: "Java", run: ["java", "Verify.java"], needs: ["java", "--version"] },
  // Programs of one file came with .NET 10.
  { name: "C#", run: ["dotnet", "run", "verify.cs", "--"], needs: ["bash", "-c", 'v=$(dotnet --version) && ((${v%%.*} >= 10))'] },
];

const run = ([program, ...options]) =>
  spawnSync(program, options, { cwd: folder, encoding: "utf8", timeout: PROGRAM_MS_MAX });

let house;
before(async () => {
  house = await openHouse();
});
after(() => house?.close());

function ask(language, client, birthDate) {
  const [number, , name, birth] = house.card("in force").qr.split("|");
  const day = birthDate ?? `${birth.slice(4)}-${birth.slice(2, 4)}-${birth.slice(0, 2)}`;
  const keys = isAbsolute(house.client_keys) ? house.client_keys : join(house.folder, house.client_keys);
  // As the server's own address, which a trial on one machine accepts as an audience.
  return run([...language.run, house.address ?? house.origin, client, join(keys, `${CLIENT}.pem`), number, name, day]);
}

for (const language of LANGUAGES) {
  const isHere = run(language.needs).status === 0;
  test(`${language.name} asks and reads the answer`, { skip: !isHere && "not at hand" }, () => {
    const right = ask(language, CLIENT);
    assert.equal(right.status, 0, right.stderr);
    const answer = JSON.parse(right.stdout);
    assert.deepEqual(answer.answers, { name: "match", birth_date: "match" });
    assert.equal(answer.card_status, "in_force");
    assert.equal(typeof answer.receipt.record, "string");
    const wrong = ask(language, CLIENT, "1900-01-01");
    assert.equal(JSON.parse(wrong.stdout).answers.birth_date, "differs", wrong.stderr);
    const stranger = ask(language, "nobody");
    assert.notEqual(stranger.status, 0);
    assert.match(stranger.stderr + stranger.stdout, /DANCU-EXCHANGE-020/, "the code says what is wrong");
  });
}

// The operator's page, and other people's software as a client of the exchange.
import assert from "node:assert/strict";
import { webcrypto as crypto } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { isAbsolute, join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { openHouse } from "./house.mjs";

const require = createRequire(new URL("../ui/package.json", import.meta.url));
const CLIENT = "ngan-hang-demo-core";
const LISTED_MS_MAX = 15_000;

let house;
let operator;

before(async () => {
  house = await openHouse();
  operator = await house.visitor();
  await operator.signIn(house.codeOf("/operator"));
});

after(async () => {
  await operator?.close();
  await house?.close();
});

/** A token by private_key_jwt, got with an OAuth library that nobody here wrote. */
async function token() {
  const oauth = await import(pathToFileURL(require.resolve("oauth4webapi")).href);
  const folder = isAbsolute(house.client_keys) ? house.client_keys : join(house.folder, house.client_keys);
  const pem = readFileSync(join(folder, `${CLIENT}.pem`), "utf8");
  const der = Buffer.from(pem.replace(/-----[A-Z ]+-----|\s/g, ""), "base64");
  const key = await crypto.subtle.importKey("pkcs8", der, { name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
  const server = { issuer: house.origin, token_endpoint: `${house.origin}/oauth/token` };
  const client = { client_id: CLIENT };
  const answer = await oauth.clientCredentialsGrantRequest(
    server,
    client,
    oauth.PrivateKeyJwt(key),
    {},
    { [oauth.allowInsecureRequests]: true },
  );
  const { access_token } = await oauth.processClientCredentialsResponse(server, client, answer);
  return access_token;
}

async function verify(bearer, body) {
  const answer = await fetch(`${house.origin}/v1/verify`, {
    method: "POST",
    headers: { Authorization: `Bearer ${bearer}`, "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  return { status: answer.status, json: await answer.json() };
}

test("a bank's software verifies a person, and the operator sees it counted", async () => {
  const { page } = operator;
  const used = page.locator('span[data-live="contracts.hd-2026-003.used"]');
  assert.equal(await used.innerText(), "0");
  const bearer = await token();
  const [number, , name] = house.card("in force").qr.split("|");
  const { status, json } = await verify(bearer, { number, name: name.toUpperCase() });
  assert.equal(status, 200);
  assert.equal(json.answers.name, "match");
  assert.equal(json.card_status, "in_force");
  assert.equal(json.receipt.leaf_index, 0);
  await page.waitForFunction(
    (selector) => document.querySelector(selector).textContent === "1",
    'span[data-live="contracts.hd-2026-003.used"]',
  );
  await operator.inspect("operator");
});

test("the operator sees why a question is refused, policy by policy", async () => {
  const { page } = operator;
  await page.goto("/operator/contracts/hd-2026-003/why");
  await operator.inspect("operator-why-form");
  await page.selectOption("#product", "fetch");
  await page.check("#given-sex");
  await page.check("#wanted-phone");
  await page.click("button:has-text('Giải thích')");
  await page.waitForSelector("#verdict:has-text('Bị từ chối')");
  assert.match(await page.textContent("main"), /resource\.fields\.containsAll\(context\.given\)/);
  await operator.inspect("operator-why");
  await page.goto("/operator");
});

test("a refusal looks the same to the caller and has its reason here", async () => {
  const { page } = operator;
  const { status, json } = await verify("no-such-token", { number: "001099000017" });
  assert.equal(status, 401);
  assert.equal(json.code, "DANCU-EXCHANGE-021");
  // Refusals are counted at once and listed when they are written, a moment later.
  const deadline = Date.now() + LISTED_MS_MAX;
  do {
    assert.ok(Date.now() < deadline, "the refusal is listed");
    await page.goto("/operator");
  } while ((await page.locator("table[aria-labelledby=latest]").count()) === 0);
  assert.equal(await page.locator('dd[data-live="refusals.token"]').innerText(), "1");
  assert.match(await page.locator("table[aria-labelledby=latest]").innerText(), /DANCU-EXCHANGE-021/);
  await operator.inspect();
});

test("an agency is connected while the server runs, and mistakes are named", async () => {
  const { page } = operator;
  const document = {
    organisations: [{ id: "truong-hoc-a", name_vi: "Trường học A", name_en: "School A" }],
    clients: [{ id: "truong-hoc-a-core", organisation: "truong-hoc-a" }],
    contracts: [
      {
        id: "hd-9",
        client: "truong-hoc-a-core",
        legal_basis: "Luật Giáo dục 2019",
        purpose_vi: "Tuyển sinh",
        purpose_en: "Admit pupils",
        fields: ["name", "birth_date"],
        daily_limit: 100,
        per_second_max: 5,
        valid_from: "2026-01-01",
      },
    ],
  };
  await page.fill("#document", JSON.stringify({ ...document, organisations: [] }));
  await page.getByRole("button", { name: "Kết nối" }).click();
  await page.locator("#document-error").waitFor();
  assert.match(await page.locator("#document-error").innerText(), /truong-hoc-a-core trỏ tới truong-hoc-a/);
  assert.match(await page.inputValue("#document"), /truong-hoc-a-core/, "the text is there to be corrected");
  await operator.inspect();
  await page.fill("#document", '{"contracts": [{"id": 7}]}');
  await page.getByRole("button", { name: "Kết nối" }).click();
  await page.locator("#document-error").waitFor();
  assert.match(await page.locator("#document-error").innerText(), /contracts\[0\]\.id/);
  await page.fill("#document", JSON.stringify(document));
  await page.getByRole("button", { name: "Kết nối" }).click();
  await page.getByText("Đã kết nối: 1 tổ chức, 1 phần mềm, 1 hợp đồng.").waitFor();
  assert.match(await page.locator("section[aria-labelledby=contracts]").innerText(), /Trường học A/);
});

test("numbers that are tried one after another raise an alarm, which is decided with a reason", async () => {
  const { page } = operator;
  const bearer = await token();
  const first = BigInt(house.card("in force").qr.split("|")[0]);
  for (let turn = 0n; turn < 12n; turn += 1n) {
    const number = String(first + turn).padStart(12, "0");
    assert.equal((await verify(bearer, { number, name: "Nguyễn Văn Thử" })).status, 200);
  }
  // The watch goes through the log every ten seconds.
  const alarm = page.getByRole("link", { name: "Dò các số liền nhau" });
  const ends = Date.now() + 2 * LISTED_MS_MAX;
  do {
    await page.goto("/operator/alarms", { waitUntil: "load" });
  } while ((await alarm.count()) === 0 && Date.now() < ends);
  await operator.inspect("operator-alarms");
  await alarm.first().click();
  await page.getByText(CLIENT).first().waitFor();
  await operator.inspect("operator-alarm");
  assert.ok(!(await page.content()).includes(String(first).padStart(12, "0")), "nobody's number stands here");
  await page.getByRole("button", { name: "Có lý do chính đáng" }).click();
  await page.locator(".govuk-error-summary").waitFor();
  await page.fill("#note", "Kiểm thử tự động");
  await page.getByRole("button", { name: "Có lý do chính đáng" }).click();
  await page.getByText("Kiểm thử tự động").waitFor();
  await operator.inspect("operator-alarm-decided");
});

// A list of a cohort: software asks, two officers approve by law and count, software fetches, and nobody saw the list.
import assert from "node:assert/strict";
import { createPrivateKey, randomUUID, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { after, before, test } from "node:test";
import { openHouse } from "./house.mjs";

const CLIENT = "quan-su-demo-core";
let house;
let officers;
let bearer;

before(async () => {
  house = await openHouse();
  const codes = house.staff.filter((staff) => staff.page === "/operator").map((staff) => staff.code);
  officers = [];
  for (const code of codes) {
    const officer = await house.visitor();
    await officer.signIn(code);
    officers.push(officer);
  }
  bearer = await token();
});

after(async () => {
  for (const officer of officers ?? []) {
    await officer.close();
  }
  await house?.close();
});

/** An access token by private_key_jwt, as docs/clients/verify.mjs asks for one. */
async function token() {
  const address = house.address ?? house.origin;
  const keys = isAbsolute(house.client_keys) ? house.client_keys : join(house.folder, house.client_keys);
  const key = createPrivateKey(readFileSync(join(keys, `${CLIENT}.pem`)));
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const exp = Math.floor(Date.now() / 1000) + 60;
  const claims = { iss: CLIENT, sub: CLIENT, aud: address, exp, jti: randomUUID() };
  const text = `${encode({ alg: "ES256", typ: "JWT" })}.${encode(claims)}`;
  const signature = sign("sha256", Buffer.from(text), { key, dsaEncoding: "ieee-p1363" }).toString("base64url");
  const answer = await fetch(`${address}/oauth/token`, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "client_credentials",
      client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
      client_assertion: `${text}.${signature}`,
    }),
  });
  assert.equal(answer.status, 200, await answer.clone().text());
  return (await answer.json()).access_token;
}

async function ask(path, body, accept = "application/json") {
  return fetch(`${house.address ?? house.origin}${path}`, {
    method: body ? "POST" : "GET",
    headers: { authorization: `Bearer ${bearer}`, accept, ...(body && { "content-type": "application/json" }) },
    body: body && JSON.stringify(body),
  });
}

/** Waits until an extract is in a state; the server counts and makes by itself. */
async function until(id, state) {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const extract = await (await ask(`/v1/extracts/${id}`)).json();
    if (extract.state === state) {
      return extract;
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`the extract never was ${state}`);
}

test("a list is approved by two, made by itself, and fetched", async () => {
  const [first, second] = officers;
  await first.page.goto("/operator/extracts");
  await first.page.getByText("Không có lần trích nào.").waitFor();
  await first.inspect("operator-extracts");
  const today = new Date(Date.now() + 7 * 3_600_000).toISOString().slice(0, 10);
  const asked = await ask("/v1/extracts", {
    reference: "QĐ 12/2026",
    criteria: { born: { ages: { from: 17, to: 27, on: today } }, sex: "M", places: ["01"] },
  });
  assert.equal(asked.status, 202, await asked.clone().text());
  const { id } = await asked.json();
  await until(id, "counted");
  await first.page.goto("/operator/extracts");
  await first.page.getByRole("link", { name: "QĐ 12/2026" }).click();
  await first.page.getByText("Luật Nghĩa vụ quân sự 2015, Điều 12").waitFor();
  await first.inspect("operator-extract");
  await first.page.getByRole("button", { name: "Từ chối" }).click();
  await first.page.locator(".govuk-error-summary").waitFor();
  await first.inspect("operator-extract-problem");
  await first.page.getByRole("button", { name: "Duyệt", exact: true }).click();
  await first.page.getByText("chờ người duyệt thứ hai").waitFor();
  await first.page.getByRole("link", { name: "QĐ 12/2026" }).click();
  await first.page.getByText("Bạn đã duyệt. Cần một cán bộ khác.").waitFor();
  await first.inspect("operator-extract-approved-once");
  await second.page.goto(`/operator/extracts/${id}`);
  await second.page.getByRole("button", { name: "Duyệt", exact: true }).click();
  const made = await until(id, "ready");
  const rows = await (await ask(`/v1/extracts/${id}/rows`)).json();
  assert.equal(rows.rows.length, made.rows);
  assert.deepEqual(rows.columns.at(-1), "entry");
  const csv = await (await ask(`/v1/extracts/${id}/rows`, undefined, "text/csv")).text();
  assert.equal(csv.trimEnd().split("\n").length, made.rows + 1);
  await second.page.goto("/operator/extracts?list=others");
  await second.page.getByText("đã lấy hết").waitFor();
  await second.inspect("operator-extracts-others");
});

test("a list is refused without scripts, on a ground that the software reads", async () => {
  const plain = await house.visitor({ javaScriptEnabled: false });
  const state = await officers[0].context.storageState();
  await plain.context.addCookies(state.cookies);
  const asked = await ask("/v1/extracts", {
    reference: "QĐ 13/2026",
    criteria: { born: { birth_dates: { from: "2005-01-01", to: "2005-12-31" } }, sex: "M", places: ["01"] },
  });
  const { id } = await asked.json();
  await until(id, "counted");
  await plain.page.goto(`/operator/extracts/${id}`);
  await plain.page.fill("#note", "Không nêu quyết định");
  await plain.page.getByRole("button", { name: "Từ chối" }).click();
  await plain.page.waitForURL("**/operator/extracts");
  assert.equal((await until(id, "refused")).ground, "Không nêu quyết định");
  await plain.close();
});

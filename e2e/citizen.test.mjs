// From the officer's letter to a verified receipt: a citizen enrols a passkey and checks who looked.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { openHouse } from "./house.mjs";

const require = createRequire(new URL("../ui/package.json", import.meta.url));
const ui = fileURLToPath(new URL("../ui/", import.meta.url));

let house;
let desk;
let officer;
let citizen;
let code;

before(async () => {
  house = await openHouse();
  desk = await house.visitor();
  officer = await house.visitor();
  citizen = await house.visitor();
  // A device that holds passkeys and says that its owner unlocked it.
  const device = await citizen.context.newCDPSession(citizen.page);
  await device.send("WebAuthn.enable");
  await device.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
});

after(async () => {
  for (const visitor of [desk, officer, citizen, house]) {
    await visitor?.close();
  }
});

test("the desk looks at the citizen", async () => {
  await desk.signIn(house.codeOf("/reception"));
  await desk.page.fill("#scan", house.card("in force").qr);
  await desk.page.keyboard.press("Enter");
  await desk.page.locator(".verdict--good").waitFor();
});

test("an officer prints a code for the living only", async () => {
  const { page } = officer;
  await officer.signIn(house.codeOf("/officer"));
  await officer.inspect();
  for (const [number, expected] of [
    [house.card("dead").number, /đã mất hoặc mất tích/],
    ["001299000017", /không có ai mang số này/],
    ["12", /12 chữ số/],
  ]) {
    await page.goto("/officer");
    await page.fill("#number", number);
    await page.keyboard.press("Enter");
    await page.locator("#number-error").waitFor();
    assert.match(await page.locator("#number-error").innerText(), expected);
  }
  await officer.inspect();
  await page.fill("#number", house.card("in force").number);
  await page.keyboard.press("Enter");
  await page.locator(".letter__code").waitFor();
  code = (await page.locator(".letter__code").innerText()).trim();
  assert.match(code, /^[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}$/);
  assert.ok(!(await page.content()).includes(house.card("in force").number), "the letter shows no whole number");
  await officer.inspect();
});

test("the code leads to a passkey, and the passkey to the record", async () => {
  const { page } = citizen;
  await citizen.signIn(code);
  assert.equal(new URL(page.url()).pathname, "/sign-in/passkey");
  await citizen.inspect();
  await page.goto("/citizen");
  assert.equal(new URL(page.url()).pathname, "/sign-in/passkey", "a code alone shows nothing");
  await page.locator("form[data-passkey=register] button").click();
  await page.waitForURL("**/citizen");
  const [, , name] = house.card("in force").qr.split("|");
  assert.equal(await page.locator("h1").innerText(), name);
  assert.ok((await page.locator("section[aria-labelledby=household] tbody tr").count()) > 0);
  assert.match(await page.locator("section[aria-labelledby=record]").innerText(), /nguồn: tệp people\.csv/);
});

test("every look is there, and this browser verifies its receipt", async () => {
  const { page } = citizen;
  const looks = page.locator(".look");
  assert.equal(await looks.count(), 2, "the officer's and the desk's");
  assert.match(await looks.nth(0).innerText(), /Cấp mã đăng ký/);
  assert.match(await looks.nth(1).innerText(), /Bệnh viện Quân y 175/);
  await page.locator('.look[data-proof="verified"]').nth(1).waitFor();
  await citizen.inspect("citizen");
});

test("a downloaded receipt is verified again outside the browser", async () => {
  const { page } = citizen;
  const waiting = page.waitForEvent("download");
  await page.locator('.look__proof a[href*="/receipts/"]').nth(1).click();
  const receipt = JSON.parse(readFileSync(await (await waiting).path(), "utf8"));
  const { checkReceipt, parseLogKey } = await proofCheck();
  const key = await parseLogKey(await page.locator(".look[data-log-key]").nth(1).getAttribute("data-log-key"), crypto.subtle);
  assert.equal((await checkReceipt(receipt, key, crypto.subtle)).state, "verified");
  const touched = { ...receipt, record: receipt.record.replace("match", "other") };
  assert.deepEqual(await checkReceipt(touched, key, crypto.subtle), { state: "refused", reason: "not_in_tree" });
});

test("the evidence of a look is downloaded as one file", async () => {
  const { page } = citizen;
  const waiting = page.waitForEvent("download");
  await page.locator('.look__proof a[href*="/evidence/"]').nth(1).click();
  const bundle = readFileSync(await (await waiting).path());
  assert.equal(bundle.subarray(0, 2).toString(), "PK");
  // What is stored is not compressed, so that the names and the record can be read off.
  for (const part of ["README.txt", "verify.sh", "log-key.pem", '"subject":']) {
    assert.ok(bundle.includes(part), part);
  }
});

test("a receipt that was touched on the way is not called verified", async () => {
  const { page } = citizen;
  await page.route("**/citizen/receipts/*", async (route) => {
    const answer = await route.fetch();
    const receipt = await answer.json();
    receipt.record = receipt.record.replace("name", "nama");
    await route.fulfill({ response: answer, json: receipt });
  });
  await page.reload();
  await page.locator('.look[data-proof="refused"]').nth(1).waitFor();
  assert.equal(await page.locator('.look[data-proof="verified"]').count(), 0);
  await citizen.inspect();
  await page.unroute("**/citizen/receipts/*");
});

test("a complaint is one press from its line, and the operator answers it", async () => {
  const { page } = citizen;
  await page.goto("/citizen");
  await page.locator(".look").nth(1).getByRole("button", { name: /Khiếu nại lần xem này/ }).click();
  await page.waitForURL((url) => url.pathname === "/citizen/requests");
  assert.match(await page.locator("main").innerText(), /Khiếu nại một lần xem: đã tiếp nhận/);
  await citizen.inspect();
  await page.locator("textarea[name=words]").fill("Hôm đó tôi không đến bệnh viện.");
  await page.getByRole("button", { name: "Gửi lời nói thêm" }).click();
  await page.getByText("Hôm đó tôi không đến bệnh viện.").waitFor();
  const operator = await house.visitor({ javaScriptEnabled: false });
  await operator.signIn(house.codeOf("/operator"));
  await operator.page.goto("/operator/privacy");
  assert.ok(!(await operator.page.content()).includes(house.card("in force").number), "not whose it is");
  await operator.page.locator("input[name=note]").fill("Sẽ hỏi bệnh viện.");
  await operator.page.getByRole("button", { name: "Chấp nhận và trả lời" }).click();
  await operator.page.getByText("đã trả lời, đang thực hiện").first().waitFor();
  await operator.close();
  await page.goto("/citizen/requests");
  assert.match(await page.locator("main").innerText(), /Sẽ hỏi bệnh viện\./);
  await page.goto("/citizen/consents");
  assert.match(await page.locator("main").innerText(), /Chưa có tổ chức nào xin sự đồng ý/);
  await citizen.inspect();
});

test("a receipt about someone else is not there", async () => {
  await desk.page.goto("/reception");
  await desk.page.fill("#scan", house.card("lost").qr);
  await desk.page.keyboard.press("Enter");
  await desk.page.locator(".verdict--bad").waitFor();
  const note = await desk.page.locator(".verdict .card__note").last().innerText();
  const index = /(\d+)\.?$/.exec(note)[1];
  assert.equal((await citizen.page.goto(`/citizen/receipts/${index}`)).status(), 404);
});

test("signed out, the passkey alone signs in again", async () => {
  const { page } = citizen;
  await page.goto("/citizen");
  await page.getByRole("button", { name: "Đăng xuất" }).click();
  await page.waitForURL((url) => url.pathname === "/");
  await citizen.inspect();
  await page.goto("/citizen");
  assert.equal(new URL(page.url()).pathname, "/sign-in");
  await page.locator("form[data-passkey=sign-in] button").click();
  await page.waitForURL("**/citizen");
});

/** The browser's own check, compiled for Node. */
async function proofCheck() {
  const { build } = require("esbuild");
  const { outputFiles } = await build({
    entryPoints: [join(ui, "src/proof-check.ts")],
    bundle: true,
    format: "esm",
    write: false,
  });
  const file = join(house.folder, "proof-check.mjs");
  writeFileSync(file, outputFiles[0].contents);
  return import(pathToFileURL(file).href);
}

// The commune officer's desk: by keyboard alone, without scripts, and sent twice.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openHouse } from "./house.mjs";

let house;
/** The officer's session: a code is good once. */
let storageState;

before(async () => {
  house = await openHouse();
  const officer = await house.visitor();
  await officer.signIn(house.codeOf("/officer"));
  storageState = await officer.context.storageState();
  await officer.close();
});

after(async () => {
  await house?.close();
});

const number = () => house.card("in force").number;

/** The day before yesterday as people type it: the register's own day lies in Viet Nam. */
function day() {
  const date = new Date(Date.now() - 2 * 24 * 60 * 60 * 1000);
  return [date.getUTCDate(), date.getUTCMonth() + 1, date.getUTCFullYear()]
    .map((part) => String(part).padStart(2, "0"))
    .join("/");
}

/** Moves by Tab to the field of a name. */
async function tabTo(page, name) {
  for (let step = 0; step < 60; step += 1) {
    const found = await page.evaluate(() => document.activeElement?.getAttribute("name") ?? "");
    if (found === name) {
      return;
    }
    await page.keyboard.press("Tab");
  }
  assert.fail(`${name} is not reached by Tab`);
}

async function type(page, name, text) {
  await tabTo(page, name);
  await page.keyboard.press("ControlOrMeta+A");
  await page.keyboard.type(text);
}

/** A foundling's birth up to the page that shows what will be recorded, without a mouse. */
async function birthByKeys(visitor, name) {
  const { page } = visitor;
  await page.goto("/desk/birth");
  assert.equal(await page.evaluate(() => document.activeElement?.id), "mother", "the first field has the focus");
  await visitor.inspect?.("desk-birth");
  await page.keyboard.press("Enter");
  await page.locator("#name").waitFor();
  await type(page, "name", name);
  await tabTo(page, "sex");
  await page.keyboard.type("Nữ");
  await type(page, "birth_date", day());
  await type(page, "paper_1_reference", "GCS-1/2026");
  await type(page, "paper_2_reference", "TK-1/2026");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Sổ dân cư sẽ ghi" }).waitFor();
}

test("a birth by keyboard alone: the number is issued at the end", async () => {
  const officer = await house.visitor({ storageState });
  const { page } = officer;
  await page.goto("/desk");
  await officer.inspect("desk");
  await birthByKeys(officer, "Trần Thị Bình Minh");
  await officer.inspect("desk-check");
  assert.match((await page.evaluate(() => document.activeElement?.textContent)) ?? "", /Ghi vào sổ/);
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/desk\/events\//);
  assert.match((await page.locator(".visit__number").innerText()).trim(), /^\d{3} \d{3} \d{3} \d{3}$/);
  await officer.inspect("desk-event");
  await officer.close();
});

test("a death without scripts; sent twice it is one event", async () => {
  const officer = await house.visitor({ javaScriptEnabled: false, storageState });
  const { page } = officer;
  await page.goto("/desk/death");
  await page.fill("#number", number());
  await page.keyboard.press("Enter");
  await page.fill("#on", day());
  await page.fill("#paper_1_reference", "BT-1/2026");
  await page.keyboard.press("Enter");
  const record = page.getByRole("button", { name: "Ghi vào sổ" });
  await record.waitFor();
  const sent = { step: "record" };
  for (const field of await page.locator("main form input[type=hidden]").all()) {
    sent[await field.getAttribute("name")] = await field.getAttribute("value");
  }
  await record.click();
  await page.waitForURL(/\/desk\/events\//);
  const event = page.url();
  const again = await officer.context.request.post("/desk/death", { form: sent, headers: { origin: house.origin } });
  assert.equal(again.url(), event, "the same event");
  await page.getByText("Đã mất").first().waitFor();
  await officer.close();
});

test("what is wrong stands beside its field, and what was typed stays", async () => {
  const officer = await house.visitor({ storageState });
  const { page } = officer;
  await page.goto("/desk/birth");
  await page.keyboard.press("Enter");
  await page.locator("#name").waitFor();
  await type(page, "name", "Lê Văn Thử");
  await type(page, "birth_date", "31/02/2026");
  await page.keyboard.press("Enter");
  await page.locator(".govuk-error-message").first().waitFor();
  assert.equal(await page.inputValue("#name"), "Lê Văn Thử");
  assert.equal(await page.inputValue("#birth_date"), "31/02/2026");
  await officer.inspect("desk-refused");
  await officer.close();
});

test("the officer reads a file as of another day, and the log has the look", async () => {
  const officer = await house.visitor({ storageState });
  const { page } = officer;
  await page.goto("/desk/persons");
  await type(page, "number", number());
  await type(page, "as_of", "01/01/2020");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Lịch sử", exact: true }).waitFor();
  assert.ok(!page.url().includes(number()), "no number in an address");
  await officer.inspect("desk-file");
  await officer.close();
});

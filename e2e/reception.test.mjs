// The desk, as a receptionist with a USB scanner works it: keyboard only.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openHouse } from "./house.mjs";

let house;
let desk;

before(async () => {
  house = await openHouse();
  desk = await house.visitor();
});

after(async () => {
  await desk?.close();
  await house?.close();
});

/** A scanner is a keyboard: it types the text, whatever has the focus, and ends with Enter. */
async function scan(text) {
  const answered = desk.page.waitForResponse((response) => response.request().method() === "POST");
  await desk.page.keyboard.insertText(text);
  await desk.page.keyboard.press("Enter");
  await (await answered).finished();
  await desk.page.waitForLoadState();
}

test("a wrong code is refused on the page, a right one opens the desk", async () => {
  const { page } = desk;
  await page.goto("/reception");
  assert.equal(new URL(page.url()).pathname, "/sign-in");
  await desk.inspect();
  await page.goto("/sign-in/code");
  await desk.inspect();
  await page.fill("#code", "0000-0000-0000");
  await page.keyboard.press("Enter");
  await page.locator("#code-error").waitFor();
  assert.match(await page.title(), /^Lỗi: /);
  await desk.inspect();
  await desk.signIn(house.codeOf("/reception"));
  assert.equal(new URL(page.url()).pathname, "/reception");
  await desk.inspect();
});

test("a good card is admitted with two strokes of Enter and gets a visit number", async () => {
  const { page } = desk;
  await scan(house.card("in force").qr);
  assert.match(await page.locator(".verdict__title").innerText(), /^Khớp, thẻ còn hiệu lực$/);
  assert.equal(await page.inputValue("#scan"), "", "the scan is not written back");
  await page.locator("form[data-admit][data-armed]").waitFor();
  await desk.inspect();
  await page.locator("#scan").focus();
  await page.keyboard.press("Enter");
  await page.locator(".visit__number").waitFor();
  assert.equal((await page.locator(".visit__number").innerText()).trim(), "1");
  assert.equal(await page.locator(".visits-table tbody tr").count(), 1);
  await desk.inspect();
  await page.reload();
  assert.equal(await page.locator(".visits-table tbody tr").count(), 1, "sent again, it is the same visit");
  await scan(house.card("in force").qr);
  await desk.inspect("reception");
});

test("cards that are not good say what is wrong and cannot be admitted", async () => {
  const { page } = desk;
  for (const [kind, headline] of [
    ["lost", /Thẻ không dùng được: đã báo mất/],
    ["expired", /Thẻ không dùng được: đã hết hạn/],
    ["dead", /Không tiếp nhận bằng thẻ này/],
    ["altered", /Không khớp với sổ dân cư/],
  ]) {
    await page.goto("/reception");
    await scan(house.card(kind).qr);
    assert.match(await page.locator(".verdict__title").innerText(), headline, kind);
    assert.ok(await page.locator(".verdict__advice").isVisible(), kind);
    assert.equal(await page.locator("form[data-admit]").count(), 0, kind);
  }
  await desk.inspect();
});

test("texts that are no whole card each get their own message", async () => {
  const { page } = desk;
  const { qr } = house.card("in force");
  const fields = qr.split("|");
  for (const [text, expected] of [
    [fields.slice(0, 5).join("|"), /bị cắt: chỉ có 5 trên 7 trường/],
    ["https://example.org/qr", /không phải mã QR của thẻ căn cước/],
    ["IDVNM0790418897", /mặt sau/],
    [[...fields.slice(0, 3), "31022000", ...fields.slice(4)].join("|"), /Trường thứ 4 .*ngày sinh/],
    ["123|456|An|01012000|Nam|Số 1|01012021", /Trường thứ 1 .*12 chữ số/],
  ]) {
    await page.goto("/reception");
    await scan(text);
    assert.match(await page.locator("#scan-error").innerText(), expected);
    assert.equal(await page.inputValue("#scan"), "");
    assert.ok(!(await page.content()).includes(text), "what was scanned is not repeated");
  }
  await desk.inspect();
});

test("six fields and longer codes are read, and the desk is told", async () => {
  const { page } = desk;
  const fields = house.card("in force").qr.split("|");
  const six = [fields[0], ...fields.slice(2)].join("|");
  for (const [text, expected] of [
    [six, /có 6 trường/],
    [[...fields, "Nguyễn Văn Cha", "Trần Thị Mẹ"].join("|"), /có 9 trường/],
  ]) {
    await page.goto("/reception");
    await scan(text);
    assert.match(await page.locator(".verdict").innerText(), expected);
    assert.equal(await page.locator("form[data-admit]").count(), 1);
  }
});

test("the desk speaks English when asked, and remembers", async () => {
  const { page } = desk;
  await page.goto("/reception?lang=en");
  await scan(house.card("in force").qr);
  assert.equal(await page.locator(".verdict__title").innerText(), "Agrees, card in force");
  await page.goto("/reception?lang=vi");
  assert.equal(await page.locator("html").getAttribute("lang"), "vi");
});

test("a page that is not there, and one that is not theirs, are readable", async () => {
  const { page } = desk;
  for (const [path, status] of [["/nowhere", 404], ["/operator", 403], ["/citizen", 403]]) {
    assert.equal((await page.goto(path)).status(), status);
    await desk.inspect();
  }
});

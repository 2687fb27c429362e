// What a form can do works without scripts.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openHouse } from "./house.mjs";

let house;

before(async () => {
  house = await openHouse();
});

after(async () => {
  await house?.close();
});

test("the desk scans and admits by its buttons", async () => {
  const desk = await house.visitor({ javaScriptEnabled: false });
  const { page } = desk;
  await desk.signIn(house.codeOf("/reception"));
  assert.equal(new URL(page.url()).pathname, "/reception");
  await page.fill("#scan", house.card("in force").qr);
  await page.getByRole("button", { name: "Kiểm tra" }).click();
  await page.locator(".verdict--good").waitFor();
  await page.getByRole("button", { name: "Tiếp nhận" }).click();
  assert.equal((await page.locator(".visit__number").innerText()).trim(), "1");
  await page.getByRole("button", { name: "Đăng xuất" }).click();
  assert.equal(new URL(page.url()).pathname, "/");
  await desk.close();
});

test("the officer's letter and the operator's form need none either", async () => {
  const officer = await house.visitor({ javaScriptEnabled: false });
  await officer.signIn(house.codeOf("/officer"));
  await officer.page.fill("#number", house.card("in force").number);
  await officer.page.getByRole("button", { name: "Tạo mã để in" }).click();
  await officer.page.locator(".letter__code").waitFor();
  await officer.close();
  const operator = await house.visitor({ javaScriptEnabled: false });
  await operator.signIn(house.codeOf("/operator"));
  await operator.page.fill("#document", "{}");
  await operator.page.getByRole("button", { name: "Kết nối" }).click();
  await operator.page.getByText("Đã kết nối: 0 tổ chức").waitFor();
  await operator.close();
});

test("everybody reads how many live where, without scripts", async () => {
  const reader = await house.visitor({ javaScriptEnabled: true });
  const { page } = reader;
  await page.goto("/");
  // The house counts itself when it starts; the page says so until it is done.
  await page.getByRole("link", { name: "Số người theo tỉnh" }).click();
  await page.waitForFunction(async () => {
    const twin = await fetch("/statistics", { headers: { accept: "application/json" } });
    return (await twin.json()).table !== null;
  });
  await page.reload();
  await page.getByRole("rowheader", { name: "Thành phố Hà Nội" }).waitFor();
  await reader.inspect();
  await reader.close();
  const plain = await house.visitor({ javaScriptEnabled: false });
  await plain.page.goto("/statistics");
  await plain.page.getByRole("rowheader", { name: "Thành phố Hà Nội" }).waitFor();
  await plain.close();
});

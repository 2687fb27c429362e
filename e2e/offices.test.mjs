// The pages of offices that have no other browser test: search, findings, corrections, the change feed, limits.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openHouse } from "./house.mjs";

let house;
let officer;
let operator;

before(async () => {
  house = await openHouse();
  officer = await house.visitor();
  await officer.signIn(house.codeOf("/officer"));
  operator = await house.visitor();
  await operator.signIn(house.codeOf("/operator"));
});

after(async () => {
  await officer?.close();
  await operator?.close();
  await house?.close();
});

test("an officer searches with a purpose, and each person shown has a receipt", async () => {
  const { page } = officer;
  const [, , name] = house.card("in force").qr.split("|");
  await page.goto("/officer/search");
  await officer.inspect("search");
  await page.fill("#name", name);
  await page.getByRole("button", { name: "Tra cứu" }).click();
  await page.locator(".govuk-error-summary").waitFor();
  await officer.inspect("search-problem");
  assert.equal(await page.inputValue("#name"), name, "what was typed stays");
  await page.fill("#purpose", "Xác minh nhân thân, hồ sơ số 12/2026");
  await page.getByRole("button", { name: "Tra cứu" }).click();
  await page.getByText(name).first().waitFor();
  await officer.inspect("search-found");
});

test("findings and corrections are readable when there are none", async () => {
  for (const [visitor, path] of [
    [officer, "/officer/findings"],
    [officer, "/officer/corrections"],
    [operator, "/officer/findings"],
    [operator, "/officer/corrections"],
  ]) {
    const answer = await visitor.page.goto(path);
    assert.equal(answer.status(), 200, path);
    await visitor.inspect(path.slice(1).replace("/", "-"));
  }
});

test("the operator reads the change feed, and how a limit came about", async () => {
  const { page } = operator;
  await page.goto("/operator/feed");
  await operator.inspect("operator-feed");
  await page.goto("/operator");
  const contract = {
    id: "hd-77",
    client: "truong-hoc-b-core",
    legal_basis: "Luật Giáo dục 2019",
    purpose_vi: "Tuyển sinh",
    purpose_en: "Admit pupils",
    fields: ["name"],
    valid_from: "2026-01-01",
    caseload: {
      stated_on: "2026-11-22",
      visits_per_day: 5500,
      queries_per_100_visits: 110,
      branches: 2,
      opening_hours: 9,
      peak_hour_percent: 25,
      busiest_day_percent: 160,
      growth_percent_per_year: 12,
    },
  };
  const document = {
    organisations: [{ id: "truong-hoc-b", name_vi: "Trường học B", name_en: "School B" }],
    clients: [{ id: "truong-hoc-b-core", organisation: "truong-hoc-b" }],
    contracts: [contract],
  };
  await page.fill("#document", JSON.stringify(document));
  await page.getByRole("button", { name: "Kết nối" }).click();
  await page.getByRole("link", { name: "hạn mức hd-77" }).click();
  await page.getByText("5500 × 110 / 100").waitFor();
  assert.match(await page.locator("section[aria-labelledby=now]").innerText(), /14\.000/);
  await operator.inspect("operator-limit");
});

test("an operator enters a court's order, and alone makes nothing of it", async () => {
  const { page } = operator;
  await page.goto("/operator/orders");
  await operator.inspect("operator-orders");
  const paper = {
    court: "TAND thành phố Thử",
    order_number: "12/2026/QĐ",
    number: house.card("in force").number,
    contract: "hd-2026-003",
  };
  for (const [name, value] of Object.entries(paper)) {
    await page.fill(`#${name}`, value);
  }
  const until = new Date(Date.now() + 90 * 86_400_000).toISOString().slice(0, 10);
  await page.fill("#from", new Date().toISOString().slice(0, 10));
  await page.fill("#until", until);
  await page.getByRole("button", { name: "Nhập, chờ người thứ hai" }).click();
  await page.getByText("12/2026/QĐ, TAND thành phố Thử: đã nhập, chờ người thứ hai").waitFor();
  assert.equal(await page.getByRole("button", { name: "Xác nhận đúng với lệnh" }).count(), 0);
  await operator.inspect("operator-orders-entered");
  await page.getByRole("button", { name: "Rút, đã nhập nhầm" }).click();
  await page.getByText("Không có lệnh nào.").waitFor();
});

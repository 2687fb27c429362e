// The life of a connection in a browser: a hospital applies, an operator reviews, each on a page of their own.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openHouse } from "./house.mjs";

const CONTRACT = "hd-vien-phi";
// A desk of our own pages: no software, so no key and nothing to try.
const APPLICATION = {
  contract: CONTRACT,
  client: "benh-vien-175-vien-phi",
  legal_basis: "Luật Khám bệnh, chữa bệnh 2023, Điều 15",
  purpose_vi: "Thu viện phí",
  purpose_en: "Collect fees",
  valid_from: "2026-01-01",
  retention_days: "30",
  service_hours: "07:00–17:00",
  visits_per_day: "5500",
  queries_per_100_visits: "110",
  branches: "2",
  opening_hours: "9",
  peak_hour_percent: "25",
  busiest_day_percent: "160",
  growth_percent_per_year: "12",
};

let house;
let hospital;
let operator;

before(async () => {
  house = await openHouse();
  hospital = await house.visitor();
  await hospital.signIn(house.codeOf("/agency"));
  operator = await house.visitor();
  await operator.signIn(house.codeOf("/operator"));
});

after(async () => {
  await hospital?.close();
  await operator?.close();
  await house?.close();
});

test("a connection in use shows who took which step, who signed, and with which files", async () => {
  const { page } = operator;
  await page.goto("/operator");
  await page.click('a[href="/operator/connections/hd-2026-001"]');
  await page.waitForURL("**/operator/connections/hd-2026-001");
  const text = await page.textContent("main");
  for (const words of ["Chính thức", "Đã ký", "Phạm Thị Vận Hành", "Đỗ Văn Thẩm Định", "minh-chung.txt"]) {
    assert.ok(text.includes(words), words);
  }
  await operator.inspect("operator-connection");
});

test("a hospital applies, tries and asks for the review on its own page", async () => {
  const { page } = hospital;
  await page.goto("/agency");
  await hospital.inspect("agency");
  for (const [name, value] of Object.entries(APPLICATION)) {
    await page.fill(`#${name}`, value);
  }
  await page.check("#field-name");
  await page.check("#field-birth_date");
  await page.click('form[action="/agency/applications"] button[type=submit]');
  await page.waitForURL(`**/agency/connections/${CONTRACT}`);
  assert.ok((await page.textContent("main")).includes("14.000 lượt mỗi ngày"));
  await hospital.inspect("agency-connection");
  await page.goto("/sandbox");
  await hospital.inspect("sandbox");
  await page.goBack();
  await page.click("text=Chuyển sang thử nghiệm");
  await page.goto("/sandbox");
  await page.fill("#number", await page.innerText("table th.number >> nth=0"));
  await page.fill("#name", "Nobody");
  await page.click('form[action="/sandbox"] button[type=submit]');
  await page.waitForSelector("#answer");
  assert.match(await page.textContent("main"), /"name": "differs"/);
  await hospital.inspect("sandbox-answer");
  await page.goto(`/agency/connections/${CONTRACT}`);
  await page.click("text=Đề nghị thẩm định");
  await page.waitForSelector(".tag:has-text('Đang thẩm định')");
});

test("an operator answers, attaches and signs; what is open stands in the way", async () => {
  const { page } = operator;
  await page.goto(`/operator/connections/${CONTRACT}`);
  await operator.inspect("operator-review");
  await page.click("text=Ký phần An toàn thông tin");
  await page.waitForSelector(".govuk-error-summary");
  assert.ok((await page.textContent(".govuk-error-summary")).includes("DANCU-EXCHANGE-083"));
  await operator.inspect();
  for (const code of ["key_custody", "security_level", "personal_accounts", "incident_contact"]) {
    await page.selectOption(`#verdict-${code}`, "yes");
    await page.fill(`#note-${code}`, "Đã xem hồ sơ");
    await page.locator(`article[aria-labelledby="item-${code}"] button`, { hasText: "Ghi kết luận" }).click();
    await page.waitForSelector(`article[aria-labelledby="item-${code}"] >> text=Phạm Thị Vận Hành`);
  }
  const content = { name: "cap-do.txt", mimeType: "text/plain", buffer: Buffer.from("Cấp độ 3") };
  await page.setInputFiles("#file-security_level", content);
  await page.locator('article[aria-labelledby="item-security_level"] button', { hasText: "Đính kèm" }).click();
  await page.waitForSelector("text=cap-do.txt");
  await page.click("text=Ký phần An toàn thông tin");
  await page.waitForSelector("#part-security ~ p >> text=Đã ký");
  await operator.inspect();
});

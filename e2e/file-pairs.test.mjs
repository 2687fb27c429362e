// Doubtful pairs of a file: two officers decide them with the keyboard alone, the second without scripts and without seeing what the
// first said.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { openHouse, runCommand } from "./house.mjs";

// Siblings born on one day: of a row with the name of one and the number of the other, nobody can tell.
const SIBLINGS = `number,old_number,full_name,sex,birth_date,birth_place,registration_place,origin,nationality,marital_status,father,mother,spouse,permanent_commune,permanent_address,permanent_since,household,relation_to_head,temporary_commune,temporary_address,temporary_since
001201900014,,Phạm Đức Hưng,M,2001-09-01,,,,VNM,single,,,,00004,Số 4 phố Đội Cấn,2010-01-01,HK-4,head,,,
001201900015,,Phạm Đức Anh,M,2001-09-01,,,,VNM,single,,,,00004,Số 4 phố Đội Cấn,2010-01-01,HK-4,other,,,
`;
const AGENCY = `ma,ho_ten,ngay_sinh,so_cccd,gioi_tinh
H-17,Phạm Đức Hưng,2001-09-01,001201900015,M
`;
const PATH = "/operator/file-pairs";

let house;
let officers;

before(async () => {
  house = await openHouse({
    prepare(folder) {
      writeFileSync(join(folder, "siblings.csv"), SIBLINGS);
      writeFileSync(join(folder, "agency.csv"), AGENCY);
      runCommand(folder, ["load", "siblings.csv", "--effective", "2020-01-01", "--quiet"]);
      runCommand(folder, ["reconcile", "agency.csv", "--client", "bao-hiem-demo-files", "--yes", "--quiet"]);
    },
  });
  const codes = house.staff.filter((staff) => staff.page === "/operator").map((staff) => staff.code);
  officers = [];
  for (const [place, code] of codes.entries()) {
    const officer = await house.visitor({ javaScriptEnabled: place === 0 });
    await officer.signIn(code);
    officers.push(officer);
  }
});

after(async () => {
  for (const officer of officers ?? []) {
    await officer.close();
  }
  await house?.close();
});

test("a pair is decided with the keyboard, and the second officer does not see what the first said", async () => {
  const [first, second] = officers;
  await first.page.goto(PATH);
  await first.inspect("operator-file-pairs");
  const waiting = await first.page.getByRole("link", { name: "H-17" }).count();
  assert.ok(waiting > 0, "a pair waits");
  const link = first.page.getByRole("link", { name: "H-17" }).first();
  const path = await link.getAttribute("href");
  await link.focus();
  await first.page.keyboard.press("Enter");
  await first.page.getByRole("heading", { name: "Có phải một người không" }).waitFor();
  await first.page.getByRole("heading", { name: "Dòng trong tệp: H-17" }).waitFor();
  await first.inspect("operator-file-pair");
  await first.page.getByLabel("Không phải một người, vì").focus();
  await first.page.keyboard.press("Tab");
  await first.page.keyboard.press("Enter");
  await first.page.waitForURL(`**${PATH}`);
  assert.equal(await first.page.getByRole("link", { name: "H-17" }).count(), waiting - 1);
  await second.page.goto(path);
  await second.page.getByText("hai cán bộ quyết định độc lập").waitFor();
  assert.equal(await second.page.getByText("an-toan").count(), 0);
  await second.page.getByRole("button", { name: "Không phải một người" }).click();
  await second.page.waitForURL(`**${PATH}`);
  await second.page.getByText("Quyết định trong 7 ngày qua").waitFor();
  assert.equal(await second.page.locator(`a[href="${path}"]`).count(), 0);
});

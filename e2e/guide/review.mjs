#!/usr/bin/env node
// Does what two operators do with a draft: sandbox, review with its checklist, files and two signatures, pilot, official.
// docs/guide/connect-an-agency.md shows each step by itself; other guides need a connection in use and no more.
//
//   node e2e/guide/review.mjs ORIGIN CONTRACT CODE CODE     one-time codes of two operators who wrote none of the terms
const [origin, contract, ...codes] = process.argv.slice(2);
const page = `${origin}/operator/connections/${contract}`;

async function answer(response) {
  if (!response.ok) {
    throw new Error(`${response.status} ${await response.text()}`);
  }
  return response.json();
}

/** Signs an operator in; gives what they do with the connection. */
async function operator(code) {
  const body = JSON.stringify({ code });
  const json = { "content-type": "application/json", accept: "application/json" };
  const signedIn = await fetch(`${origin}/sign-in/code`, { method: "POST", headers: json, body });
  await answer(signedIn);
  const headers = { ...json, cookie: signedIn.headers.getSetCookie().map((line) => line.split(";")[0]).join("; ") };
  return {
    act: async (deed) => answer(await fetch(page, { method: "POST", headers, body: JSON.stringify(deed) })),
    async attach(item) {
      const form = new FormData();
      form.set("item", item);
      form.set("file", new Blob(["Synthetic evidence of the guide.\n"]), "evidence.txt");
      const { cookie, accept } = headers;
      return answer(await fetch(`${page}/files`, { method: "POST", headers: { cookie, accept }, body: form }));
    },
  };
}

const [first, second] = await Promise.all(codes.map(operator));
const stages = [(await first.act({ step: "sandbox" })).stage];
const review = await first.act({ step: "review" });
stages.push(review.stage);
for (const item of review.parts.flatMap((part) => part.items).filter((one) => !one.is_found_out)) {
  await first.act({ item: item.code, verdict: "yes", note: "Guide" });
  if (item.is_evidence_required) {
    await first.attach(item.code);
  }
}
await first.act({ sign: "security" });
await second.act({ sign: "legal" });
for (const step of ["pilot", "official"]) {
  stages.push((await second.act({ step })).stage);
}
console.log(["draft", ...stages].join(" → "));

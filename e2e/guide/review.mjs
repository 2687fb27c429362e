#!/usr/bin/env node
// Does what two operators do with a draft: sandbox, review with its checklist, files and two signatures, pilot, official.
// docs/guide/connect-an-agency.md shows each step by itself; other guides need a connection in use and no more.
//
//   node e2e/guide/review.mjs ORIGIN CONTRACT CODE CODE [CLIENT KEY]
//
// CODE: one-time codes of two operators who wrote none of the terms. CLIENT and KEY, for a client that is software: who tries
// it in the sandbox, and the file of its secret key.
import { execFileSync } from "node:child_process";

const [origin, contract, firstCode, secondCode, client, key] = process.argv.slice(2);
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
    see: async (path) => answer(await fetch(`${origin}${path}`, { headers })),
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

/** Asks as the client's software would: three questions that are answered, and one that is refused. */
async function tryOut(persons) {
  const words = ["client", "assertion", "--key", key, "--client", client, "--audience", origin];
  const form = new URLSearchParams({
    grant_type: "client_credentials",
    client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    client_assertion: execFileSync("dancu", words, { encoding: "utf8" }).trim(),
  });
  const { access_token } = await answer(await fetch(`${origin}/oauth/token`, { method: "POST", body: form }));
  const headers = { authorization: `Bearer ${access_token}` };
  const verify = (body) => fetch(`${origin}/v1/verify`, { method: "POST", headers, body: JSON.stringify(body) });
  for (const { number, name } of persons.slice(0, 3)) {
    await answer(await verify({ number, name }));
  }
  if ((await verify({ number: persons[0].number })).status !== 403) {
    throw new Error("a number alone was answered");
  }
}

const [first, second] = await Promise.all([firstCode, secondCode].map(operator));
const stages = [(await first.act({ step: "sandbox" })).stage];
if (client) {
  await tryOut((await first.see("/sandbox")).persons);
}
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

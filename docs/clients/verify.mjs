#!/usr/bin/env node
// Asks whether a person is who they say: Node 20 or later, no package.
//
//   node verify.mjs ORIGIN CLIENT KEY.pem NUMBER NAME BIRTH-DATE      prints the answer's JSON
import { createPrivateKey, randomUUID, sign } from "node:crypto";
import { readFileSync } from "node:fs";

const [origin, client, keyFile, number, name, birth_date] = process.argv.slice(2);
const key = createPrivateKey(readFileSync(keyFile));

/** An assertion: a JSON Web Token that is good once and for a minute (RFC 7523). */
function assertion() {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const exp = Math.floor(Date.now() / 1000) + 60;
  const text = `${part({ alg: "ES256", typ: "JWT" })}.${part({ iss: client, sub: client, aud: origin, exp, jti: randomUUID() })}`;
  return `${text}.${sign("sha256", Buffer.from(text), { key, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
}

/** The JSON of an answer. Errors are RFC 9457 (of tokens RFC 6749): tell people the title, decide by the code. */
async function read(response) {
  const body = await response.json();
  if (!response.ok) {
    console.error(`${response.status} ${body.code ?? body.error}: ${body.title_en ?? body.error_description}`);
    process.exit(1);
  }
  return body;
}

const type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const form = { grant_type: "client_credentials", client_assertion_type: type, client_assertion: assertion() };
// A system keeps the token for its ten minutes, and asks for a new one when it gets 401.
const { access_token } = await read(await fetch(`${origin}/oauth/token`, { method: "POST", body: new URLSearchParams(form) }));
const answer = await fetch(`${origin}/v1/verify`, {
  method: "POST",
  headers: { authorization: `Bearer ${access_token}`, "content-type": "application/json" },
  body: JSON.stringify({ number, name, birth_date }),
});
// Keep `receipt` word for word: it proves what you were told.
console.log(JSON.stringify(await read(answer)));

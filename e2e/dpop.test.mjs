// Tokens bound to a key (DPoP, RFC 9449), by an OAuth library that nobody here wrote.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { isAbsolute, join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { openHouse } from "./house.mjs";

const CLIENT = "ngan-hang-demo-core";
const require = createRequire(new URL("../ui/package.json", import.meta.url));
const oauth = await import(pathToFileURL(require.resolve("oauth4webapi")).href);

let house;
before(async () => {
  house = await openHouse();
});
after(() => house?.close());

async function clientKey() {
  const folder = isAbsolute(house.client_keys) ? house.client_keys : join(house.folder, house.client_keys);
  const pem = readFileSync(join(folder, `${CLIENT}.pem`), "utf8");
  const der = Buffer.from(pem.replace(/-----[A-Z ]+-----|\s/g, ""), "base64");
  return crypto.subtle.importKey("pkcs8", der, { name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
}

test("a token bound to a key is good with a new proof of that key each time, and worth nothing alone", async () => {
  const server = { issuer: house.origin, token_endpoint: `${house.origin}/oauth/token` };
  const client = { client_id: CLIENT };
  const insecure = { [oauth.allowInsecureRequests]: true };
  for (const algorithm of ["ES256", "PS256", "Ed25519"]) {
    const DPoP = oauth.DPoP(client, await oauth.generateKeyPair(algorithm));
    const answer = await oauth.clientCredentialsGrantRequest(
      server,
      client,
      oauth.PrivateKeyJwt(await clientKey()),
      {},
      { DPoP, ...insecure },
    );
    const granted = await oauth.processClientCredentialsResponse(server, client, answer);
    assert.equal(granted.token_type, "dpop", "as the library spells it");

    const [number, , name] = house.card("in force").qr.split("|");
    const url = new URL(`${house.origin}/v1/verify`);
    const body = JSON.stringify({ number, name });
    const sent = [];
    const remembering = (address, options) => {
      sent.push([address, options]);
      return fetch(address, options);
    };
    const headers = new Headers({ "content-type": "application/json" });
    const ask = () =>
      oauth.protectedResourceRequest(granted.access_token, "POST", url, headers, body, {
        DPoP,
        [oauth.customFetch]: remembering,
        ...insecure,
      });
    for (const _ of [1, 2]) {
      const told = await ask();
      assert.equal(told.status, 200, `${algorithm}: ${await told.clone().text()}`);
      assert.equal((await told.json()).answers.name, "match");
    }

    const refused = async (code, answer) => {
      assert.equal(answer.status, 401);
      assert.equal((await answer.json()).code, code);
      return answer.headers.get("www-authenticate");
    };
    const again = await fetch(...sent[0]);
    assert.match(await refused("DANCU-EXCHANGE-175", again), /^DPoP error="invalid_dpop_proof", algs="ES256/);
    const alone = { "content-type": "application/json", authorization: `Bearer ${granted.access_token}` };
    await refused("DANCU-EXCHANGE-021", await fetch(url, { method: "POST", headers: alone, body }));
    const unproven = { ...alone, authorization: `DPoP ${granted.access_token}` };
    await refused("DANCU-EXCHANGE-175", await fetch(url, { method: "POST", headers: unproven, body }));

    const thief = { DPoP: oauth.DPoP(client, await oauth.generateKeyPair(algorithm)), ...insecure };
    const stolen = oauth.protectedResourceRequest(granted.access_token, "POST", url, headers, body, thief);
    await assert.rejects(stolen, (error) => error.response?.status === 401 || error.status === 401, "another key");
  }
});

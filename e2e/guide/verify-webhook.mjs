#!/usr/bin/env node
// Checks one delivery to a webhook: digest of the body, signature of the request, age. No code of Dancu; the signature
// base is written by the package http-message-sig (RFC 9421), the rest is Node's own.
//
//   node verify-webhook.mjs KEYS.json REQUEST.json [SECONDS-SINCE-1970]
//
// KEYS.json is /.well-known/dancu-webhook-jwks.json of the server. REQUEST.json is what arrived:
// {"method":"POST","url":"https://…","headers":[["name","value"],…],"body":"…"}
import { createHash, createPublicKey, timingSafeEqual, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

// In your own project: import { verifySignature } from "http-message-sig";
const require = createRequire(new URL("../../ui/package.json", import.meta.url));
const { verifySignature } = await import(pathToFileURL(require.resolve("http-message-sig")).href);

const [keysFile, requestFile, now] = process.argv.slice(2);
const { keys } = JSON.parse(readFileSync(keysFile, "utf8"));
const request = JSON.parse(readFileSync(requestFile, "utf8"));
const fail = (why) => {
  console.error(`NOT VERIFIED: ${why}`);
  process.exit(1);
};

// 1. The body is the one whose digest was signed. Compare the bytes as they arrived, before parsing.
const said = request.headers.find(([name]) => name.toLowerCase() === "content-digest")?.[1] ?? "";
const digest = Buffer.from(/^sha-256=:([A-Za-z0-9+/=]+):$/.exec(said)?.[1] ?? "", "base64");
const found = createHash("sha256").update(request.body).digest();
if (digest.length !== found.length || !timingSafeEqual(digest, found)) fail("the body is not the one that was signed");

// 2. The request is signed by one of the server's keys, for this address, and not long ago.
try {
  await verifySignature(
    {
      kind: "request",
      method: request.method,
      targetUri: request.url,
      fields: request.headers.map(([name, value]) => ({ name, value })),
    },
    {
      policy: {
        algorithms: ["ed25519"],
        requiredComponents: ["@method", "@target-uri", "content-type", "content-digest"],
        requiredParameters: ["created", "expires", "nonce", "keyid", "tag"],
        maxAge: 300,
        clockSkew: 30,
        ...(now ? { now: Number(now) } : {}),
      },
      resolveVerifier({ parameters }) {
        const jwk = keys.find(({ kid }) => kid === parameters.keyid) ?? fail("signed with a key that is not the server's");
        if (parameters.tag !== "dancu-feed") fail("signed for something else");
        const key = createPublicKey({ key: jwk, format: "jwk" });
        return { algorithm: "ed25519", verify: (base, signature) => verify(null, base, key, signature) };
      },
    },
  );
} catch (error) {
  fail(error.message);
}

// 3. A batch that was taken before comes again after a lost answer: know it by its id.
const { id, entries } = JSON.parse(request.body);
console.log(`verified: batch ${id}, ${entries.length} changes`);

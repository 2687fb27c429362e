#!/usr/bin/env node
// Checks a receipt with nothing but Node's own SHA-256 and Ed25519: no code of Dancu, no package.
//
//   node verify-receipt.mjs VERIFIER-KEY-OR-FILE RECEIPT.json
//
// The recipe in words: docs/guide/integrate.md, "Check a receipt yourself".
import { createHash, createPublicKey, verify } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";

const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash("sha256")).digest();
const fail = (why) => {
  console.error(`NOT VERIFIED: ${why}`);
  process.exit(1);
};

const [keyArgument, receiptFile] = process.argv.slice(2);
const verifierKey = existsSync(keyArgument) ? readFileSync(keyArgument, "utf8").trim() : keyArgument;
const receipt = JSON.parse(readFileSync(receiptFile, "utf8"));

// 1. The verifier key: name + hash + base64(0x01 ‖ 32 bytes of Ed25519 key). The base64 may hold "+" itself.
const [, origin, keyHash, encoded] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(verifierKey) ?? fail("no verifier key");
const typedKey = Buffer.from(encoded, "base64");
if (typedKey.length !== 33 || typedKey[0] !== 1) fail("the verifier key is not Ed25519");
if (sha256(`${origin}\n`, typedKey).toString("hex", 0, 4) !== keyHash) fail("the verifier key is damaged");

// 2. The checkpoint: three lines, an empty line, and signature lines "— name base64(4 bytes of key hash ‖ signature)".
const cut = receipt.checkpoint.indexOf("\n\n") + 1;
const text = receipt.checkpoint.slice(0, cut);
const [name, size, root] = text.split("\n");
const signature = receipt.checkpoint
  .slice(cut + 1)
  .split("\n")
  .filter((line) => line.startsWith(`— ${origin} `))
  .map((line) => Buffer.from(line.slice(`— ${origin} `.length), "base64"))
  .find((bytes) => bytes.toString("hex", 0, 4) === keyHash);
const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: typedKey.toString("base64url", 1) }, format: "jwk" });
if (name !== origin) fail("the checkpoint is of another log");
if (!signature || !verify(null, Buffer.from(text), key, signature.subarray(4))) fail("the checkpoint is not signed by this key");
if (size !== String(receipt.tree_size)) fail("the checkpoint is of another size than the receipt says");

// 3. The record as text, hashed with its salt, is the entry; the entry is hashed to the leaf.
const entry = sha256("dancu/disclosure/v1\n", Buffer.from(receipt.salt, "base64"), receipt.record);
let hash = sha256(Buffer.of(0), entry);

// 4. From the leaf to the root (RFC 9162, section 2.1.3.2).
let index = BigInt(receipt.leaf_index);
let last = BigInt(receipt.tree_size) - 1n;
if (index > last) fail("the leaf is outside the tree");
for (const encodedNode of receipt.inclusion_proof) {
  const node = Buffer.from(encodedNode, "base64");
  if (last === 0n) fail("the proof is too long");
  if (index % 2n === 1n || index === last) {
    hash = sha256(Buffer.of(1), node, hash);
    while (index % 2n === 0n && index !== 0n) {
      index /= 2n;
      last /= 2n;
    }
  } else {
    hash = sha256(Buffer.of(1), hash, node);
  }
  index /= 2n;
  last /= 2n;
}
if (last !== 0n || hash.toString("base64") !== root) fail("the proof does not lead from the record to the root");

console.log(`VERIFIED: entry ${receipt.leaf_index} of ${receipt.tree_size} in ${origin}`);

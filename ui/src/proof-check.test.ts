// The log is built here with node:crypto and a recursive tree (RFC 9162 section 2.1.1), a different way
// of working than the iterative checker under test.
import assert from "node:assert/strict";
import { createHash, generateKeyPairSync, sign, webcrypto, type KeyObject } from "node:crypto";
import { test } from "node:test";
import { checkReceipt, decodeBase64, parseLogKey, type LogKey, type Outcome, type Receipt } from "./proof-check.js";

const subtle = webcrypto.subtle as unknown as SubtleCrypto;
const NAME = "dancu.example/log";

function sha256(...parts: Uint8Array[]): Buffer {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** The largest power of two below `count`. */
function splitPoint(count: number): number {
  let point = 1;
  while (point * 2 < count) point *= 2;
  return point;
}

function treeHash(leaves: Buffer[]): Buffer {
  const first = leaves[0];
  if (leaves.length === 1 && first) return first;
  const point = splitPoint(leaves.length);
  return sha256(Buffer.of(1), treeHash(leaves.slice(0, point)), treeHash(leaves.slice(point)));
}

function path(index: number, leaves: Buffer[]): Buffer[] {
  if (leaves.length === 1) return [];
  const point = splitPoint(leaves.length);
  return index < point
    ? [...path(index, leaves.slice(0, point)), treeHash(leaves.slice(point))]
    : [...path(index - point, leaves.slice(point)), treeHash(leaves.slice(0, point))];
}

function saltOf(index: number): Buffer {
  return sha256(Buffer.from(`salt ${index}`));
}

function recordOf(index: number): string {
  return `{"about":"Nguyễn Văn Thử ${index}","fields":["name"]}`;
}

function leafOf(index: number): Buffer {
  const commitment = sha256(Buffer.from("dancu/disclosure/v1\n"), saltOf(index), Buffer.from(recordOf(index)));
  return sha256(Buffer.of(0), commitment);
}

interface Signer {
  privateKey: KeyObject;
  verifierKey: string;
  id: Buffer;
}

function newSigner(name = NAME): Signer {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const raw = publicKey.export({ type: "spki", format: "der" }).subarray(-32);
  const encoded = Buffer.concat([Buffer.of(1), raw]);
  const id = sha256(Buffer.from(`${name}\n`), encoded).subarray(0, 4);
  return { privateKey, id, verifierKey: `${name}+${id.toString("hex")}+${encoded.toString("base64")}` };
}

function note(signer: Signer, text: string, name = NAME): string {
  const blob = Buffer.concat([signer.id, sign(null, Buffer.from(text), signer.privateKey)]);
  return `${text}\n\u2014 ${name} ${blob.toString("base64")}\n`;
}

const signer = newSigner();
const LEAVES = Array.from({ length: 70 }, (_, index) => leafOf(index));

function receiptFor(index: number, size: number): Receipt {
  const leaves = LEAVES.slice(0, size);
  return {
    record: recordOf(index),
    salt: saltOf(index).toString("base64"),
    leaf_index: index,
    tree_size: size,
    inclusion_proof: path(index, leaves).map((hash) => hash.toString("base64")),
    checkpoint: note(signer, `${NAME}\n${size}\n${treeHash(leaves).toString("base64")}\n`),
  };
}

async function keyOf(text: string): Promise<LogKey> {
  const key = await parseLogKey(text, subtle);
  assert.ok(key, "the key reads");
  return key;
}

async function check(receipt: unknown, crypto: SubtleCrypto = subtle): Promise<Outcome> {
  return checkReceipt(receipt, await keyOf(signer.verifierKey), crypto);
}

async function refusal(receipt: unknown): Promise<string> {
  const outcome = await check(receipt);
  assert.equal(outcome.state, "refused");
  return outcome.state === "refused" ? outcome.reason : "";
}

/** Changes one bit in the middle of a base64 text. */
function flip(base64: string): string {
  const bytes = Buffer.from(base64, "base64");
  const middle = bytes.length >> 1;
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  return bytes.toString("base64");
}

test("every leaf of every tree from 1 to 70 leaves verifies", async () => {
  for (let size = 1; size <= 70; size += 1) {
    for (let index = 0; index < size; index += 1) {
      assert.deepEqual(await check(receiptFor(index, size)), { state: "verified", treeSize: size });
    }
  }
});

test("any other place, inside the tree or beyond it, is refused, in every tree up to 33 leaves", async () => {
  for (let size = 1; size <= 33; size += 1) {
    for (let index = 0; index < size; index += 1) {
      const good = receiptFor(index, size);
      for (const leaf_index of [...Array(2 * size + 2).keys(), index + 64, index + 2 ** 32]) {
        if (leaf_index !== index) {
          assert.equal(await refusal({ ...good, leaf_index }), "not_in_tree", `${index} as ${leaf_index} of ${size}`);
        }
      }
    }
  }
});

test("a longer and a shorter path are refused, in every tree up to 33 leaves", async () => {
  for (let size = 2; size <= 33; size += 1) {
    for (let index = 0; index < size; index += 1) {
      const good = receiptFor(index, size);
      const longer = [...good.inclusion_proof, saltOf(1).toString("base64")];
      const shorter = good.inclusion_proof.slice(0, -1);
      for (const inclusion_proof of [longer, shorter]) {
        assert.equal(await refusal({ ...good, inclusion_proof }), "not_in_tree");
      }
    }
  }
});

test("a changed record, salt or path hash is refused", async () => {
  const good = receiptFor(17, 53);
  assert.equal(await refusal({ ...good, record: `${good.record} ` }), "not_in_tree");
  assert.equal(await refusal({ ...good, record: good.record.normalize("NFD") }), "not_in_tree");
  assert.equal(await refusal({ ...good, salt: flip(good.salt) }), "not_in_tree");
  for (const at of good.inclusion_proof.keys()) {
    const inclusion_proof = good.inclusion_proof.map((hash, index) => (index === at ? flip(hash) : hash));
    assert.equal(await refusal({ ...good, inclusion_proof }), "not_in_tree");
  }
});

test("a checkpoint of another size, log or key is refused", async () => {
  const good = receiptFor(5, 9);
  const root = treeHash(LEAVES.slice(0, 9)).toString("base64");
  assert.equal(await refusal({ ...good, tree_size: 10 }), "checkpoint_other_size");
  const elsewhere = note(signer, `other.example/log\n9\n${root}\n`);
  assert.equal(await refusal({ ...good, checkpoint: elsewhere }), "checkpoint_other_log");
  const stranger = note(newSigner(), `${NAME}\n9\n${root}\n`);
  assert.equal(await refusal({ ...good, checkpoint: stranger }), "signature_missing");
  const posing = note({ ...newSigner(), id: signer.id }, `${NAME}\n9\n${root}\n`);
  assert.equal(await refusal({ ...good, checkpoint: posing }), "signature_wrong");
});

test("a signed text that was changed afterwards is refused", async () => {
  const good = receiptFor(5, 9);
  const extended = good.checkpoint.replace("\n\n", "\nextension\n\n");
  assert.equal(await refusal({ ...good, checkpoint: extended }), "signature_wrong");
  const root = treeHash(LEAVES.slice(0, 9)).toString("base64");
  const checkpoint = good.checkpoint.replace(root, treeHash(LEAVES.slice(0, 8)).toString("base64"));
  assert.equal(await refusal({ ...good, checkpoint }), "not_in_tree");
});

test("extension lines and a witness's signature beside ours do no harm", async () => {
  const good = receiptFor(2, 3);
  const root = treeHash(LEAVES.slice(0, 3)).toString("base64");
  const text = `${NAME}\n3\n${root}\nextension\n`;
  const witness = note(newSigner("witness.example"), text, "witness.example").slice(text.length + 1);
  const outcome = await check({ ...good, checkpoint: note(signer, text) + witness });
  assert.equal(outcome.state, "verified");
});

test("malformed checkpoints and receipts are refused, never thrown", async () => {
  const good = receiptFor(1, 2);
  const [text = ""] = good.checkpoint.split("\n\n");
  const badNotes = ["", "\n\n", text, good.checkpoint.slice(0, -1), good.checkpoint.replace("\n2\n", "\n02\n"),
    good.checkpoint.replace("\n2\n", "\n-2\n"), good.checkpoint.replace("\u2014", "-"),
    good.checkpoint.replace("\n2\n", "\n99999999999999999999\n"), `${text}\n\n`, `${good.checkpoint}junk\n`];
  for (const checkpoint of badNotes) {
    assert.equal(await refusal({ ...good, checkpoint }), "checkpoint_malformed", JSON.stringify(checkpoint));
  }
  const badReceipts = [null, 7, "x", [], {}, { ...good, salt: "AAAA" }, { ...good, salt: 1 },
    { ...good, leaf_index: -1 }, { ...good, leaf_index: 0.5 }, { ...good, tree_size: "2" },
    { ...good, inclusion_proof: "none" }, { ...good, inclusion_proof: ["AAAA"] }, { ...good, record: 1 },
    { ...good, inclusion_proof: Array.from({ length: 54 }, () => good.salt) }];
  for (const bad of badReceipts) {
    assert.equal(await refusal(bad), "receipt_malformed", JSON.stringify(bad));
  }
  assert.equal(await refusal({ ...good, leaf_index: 2 }), "not_in_tree");
});

test("without Ed25519 the tree is checked and the signature is said to be unchecked", async () => {
  const withoutEd25519 = {
    digest: subtle.digest.bind(subtle),
    verify: () => Promise.reject(new Error("must not be asked")),
    importKey: () => Promise.reject(new DOMException("no such algorithm", "NotSupportedError")),
  } as unknown as SubtleCrypto;
  const good = receiptFor(3, 8);
  assert.deepEqual(await check(good, withoutEd25519), { state: "signature_not_checkable", treeSize: 8 });
  const outcome = await check({ ...good, record: "changed" }, withoutEd25519);
  assert.deepEqual(outcome, { state: "refused", reason: "not_in_tree" });
});

test("a log key must carry its own hash, the right algorithm and length", async () => {
  const [name = "", id = "", encoded = ""] = signer.verifierKey.split(/\+(.{8})\+(.*)/);
  assert.ok(await parseLogKey(`${name}+${id}+${encoded}`, subtle));
  const raw = decodeBase64(encoded) ?? new Uint8Array();
  const otherAlgorithm = Buffer.concat([Buffer.of(2), raw.subarray(1)]).toString("base64");
  const cut = Buffer.from(raw.subarray(0, 32)).toString("base64");
  const bad = ["", name, `${name}+${id}`, `${name}x+${id}+${encoded}`, `${name}+00000000+${encoded}`,
    `${name}+${id}+${flip(encoded)}`, `${name}+${id}+${otherAlgorithm}`, `${name}+${id}+${cut}`];
  for (const text of bad) {
    assert.equal(await parseLogKey(text, subtle), null, text);
  }
});

test("base64 has one spelling", () => {
  assert.deepEqual(decodeBase64("AAE="), Uint8Array.of(0, 1));
  for (const text of ["AAE", "AAF=", "AAE=\n", "AA E=", "A-_=", "=", "AAE=="]) {
    assert.equal(decodeBase64(text), null, JSON.stringify(text));
  }
});

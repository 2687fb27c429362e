/**
 * Checks one disclosure receipt: that the record belongs to a leaf of the log, and that the log's
 * key signed the tree which holds this leaf. Pure: no page, no network, only WebCrypto.
 *
 * Formats: RFC 9162 section 2.1.3 (inclusion proofs), C2SP tlog-checkpoint and signed-note.
 */

/** One receipt as the server gives it. Hashes and salt are standard base64. */
export interface Receipt {
  /** The exact text that was committed to, byte for byte. */
  record: string;
  /** 32 random bytes. */
  salt: string;
  leaf_index: number;
  tree_size: number;
  /** 32 bytes each, from the leaf upward. */
  inclusion_proof: string[];
  /** A signed note. */
  checkpoint: string;
}

/** Why a receipt is refused. */
export type Refusal =
  | "receipt_malformed"
  | "checkpoint_malformed"
  | "checkpoint_other_log"
  | "checkpoint_other_size"
  | "not_in_tree"
  | "signature_missing"
  | "signature_wrong";

export type Outcome =
  | { state: "verified"; treeSize: number }
  | { state: "refused"; reason: Refusal }
  /** The record is in the tree; this browser cannot check Ed25519, so nothing is said of the signature. */
  | { state: "signature_not_checkable"; treeSize: number };

/** The log's public key, in the form `name+hexhash+base64(0x01 || key)`. */
export interface LogKey {
  name: string;
  /** First four bytes of SHA-256(name || "\n" || 0x01 || key). */
  id: Uint8Array<ArrayBuffer>;
  /** 32 bytes, Ed25519. */
  publicKey: Uint8Array<ArrayBuffer>;
}

/** A checkpoint taken apart. */
interface Checkpoint {
  origin: string;
  size: number;
  root: Bytes;
  /** The text that is signed, its last line end included. */
  signedText: string;
  signatures: { name: string; blob: Bytes }[];
}

type Bytes = Uint8Array<ArrayBuffer>;
type Crypto = Pick<SubtleCrypto, "digest" | "importKey" | "verify">;

const COMMITMENT_PREFIX = "dancu/disclosure/v1\n";
const HASH_BYTES = 32;
const SIGNATURE_BYTES = 64;
const ED25519_ALGORITHM_ID = 1;
/** A tree of 2^53 leaves has no longer path. */
const PROOF_HASHES_MAX = 53;

const encoder = new TextEncoder();

function concat(...parts: Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

/** Decodes standard, padded base64; anything else, also a second spelling of the same bytes, is null. */
export function decodeBase64(text: string): Bytes | null {
  let binary: string;
  try {
    binary = atob(text);
  } catch {
    return null;
  }
  return btoa(binary) === text ? Uint8Array.from(binary, (char) => char.charCodeAt(0)) : null;
}

function decodeHash(text: unknown): Bytes | null {
  const bytes = typeof text === "string" ? decodeBase64(text) : null;
  return bytes?.length === HASH_BYTES ? bytes : null;
}

async function sha256(crypto: Crypto, bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.digest("SHA-256", bytes));
}

/** Reads the log key and checks that its short hash belongs to it. Null when it does not. */
export async function parseLogKey(text: string, crypto: Crypto): Promise<LogKey | null> {
  const match = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)$/.exec(text);
  const encoded = decodeBase64(match?.[3] ?? "");
  const name = match?.[1];
  const isEd25519 = encoded?.length === 1 + HASH_BYTES && encoded[0] === ED25519_ALGORITHM_ID;
  if (!match || !name || !encoded || !isEd25519) {
    return null;
  }
  const id = (await sha256(crypto, concat(encoder.encode(`${name}\n`), encoded))).slice(0, 4);
  const idHex = Array.from(id, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return idHex === match[2] ? { name, id, publicKey: encoded.slice(1) } : null;
}

/** Takes a checkpoint apart; null when it breaks the format. */
function parseCheckpoint(note: string): Checkpoint | null {
  const split = note.indexOf("\n\n");
  if (split < 0 || !note.endsWith("\n")) {
    return null;
  }
  const signedText = note.slice(0, split + 1);
  const [origin, sizeText, rootText] = signedText.split("\n");
  const size = /^(0|[1-9][0-9]*)$/.test(sizeText ?? "") ? Number(sizeText) : Number.NaN;
  const root = decodeHash(rootText);
  if (!origin || !Number.isSafeInteger(size) || !root) {
    return null;
  }
  const signatures: Checkpoint["signatures"] = [];
  for (const line of note.slice(split + 2, -1).split("\n")) {
    const match = /^\u2014 ([^\s+]+) (\S+)$/.exec(line);
    const blob = decodeBase64(match?.[2] ?? "");
    if (!match?.[1] || !blob || blob.length < 5) {
      return null;
    }
    signatures.push({ name: match[1], blob });
  }
  return { origin, size, root, signedText, signatures };
}

/** The leaf hash of a record: SHA-256(0x00 || commitment). */
export async function leafHash(record: string, salt: Uint8Array, crypto: Crypto): Promise<Bytes> {
  const commitment = await sha256(
    crypto,
    concat(encoder.encode(COMMITMENT_PREFIX), salt, encoder.encode(record)),
  );
  return sha256(crypto, concat(Uint8Array.of(0), commitment));
}

/**
 * The root that a leaf and its path lead to (RFC 9162 section 2.1.3.2), or null when the path has the
 * wrong length. Division, not shifts: a tree may hold more than 2^32 leaves.
 */
export async function rootFromProof(
  leaf: Bytes,
  leafIndex: number,
  treeSize: number,
  proof: Bytes[],
  crypto: Crypto,
): Promise<Bytes | null> {
  if (leafIndex >= treeSize) {
    return null;
  }
  let node = leafIndex;
  let last = treeSize - 1;
  let root = leaf;
  for (const sibling of proof) {
    if (last === 0) {
      return null;
    }
    if (node % 2 === 1 || node === last) {
      root = await sha256(crypto, concat(Uint8Array.of(1), sibling, root));
      while (node % 2 === 0 && node !== 0) {
        node = Math.floor(node / 2);
        last = Math.floor(last / 2);
      }
    } else {
      root = await sha256(crypto, concat(Uint8Array.of(1), root, sibling));
    }
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 ? root : null;
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

/** Reads a receipt of unknown shape; null when it is not one. */
function parseReceipt(value: unknown): (Receipt & { saltBytes: Bytes; proof: Bytes[] }) | null {
  if (typeof value !== "object" || value === null) {
    return null;
  }
  const receipt = value as Receipt;
  const saltBytes = decodeHash(receipt.salt);
  const textsAreText = typeof receipt.record === "string" && typeof receipt.checkpoint === "string";
  const hashes = receipt.inclusion_proof;
  if (!saltBytes || !textsAreText || !isCount(receipt.leaf_index) || !isCount(receipt.tree_size)) {
    return null;
  }
  if (!Array.isArray(hashes) || hashes.length > PROOF_HASHES_MAX) {
    return null;
  }
  const proof: Bytes[] = [];
  for (const hash of hashes) {
    const bytes = decodeHash(hash);
    if (!bytes) {
      return null;
    }
    proof.push(bytes);
  }
  return { ...receipt, saltBytes, proof };
}

type SignatureState = "good" | "missing" | "wrong" | "not_checkable";

async function checkSignature(note: Checkpoint, key: LogKey, crypto: Crypto): Promise<SignatureState> {
  const ours = note.signatures.filter(
    ({ name, blob }) => name === key.name && equal(blob.slice(0, 4), key.id),
  );
  if (ours.length === 0) {
    return "missing";
  }
  let imported: CryptoKey;
  try {
    imported = await crypto.importKey("raw", key.publicKey, { name: "Ed25519" }, false, ["verify"]);
  } catch (error) {
    // Browsers without Ed25519 say so here; a key of 32 bytes gives no other reason to refuse it.
    const unsupported = error instanceof DOMException && error.name === "NotSupportedError";
    return unsupported ? "not_checkable" : "wrong";
  }
  for (const { blob } of ours) {
    const signature = blob.slice(4);
    const text = encoder.encode(note.signedText);
    const rightLength = signature.length === SIGNATURE_BYTES;
    if (!rightLength || !(await crypto.verify({ name: "Ed25519" }, imported, signature, text))) {
      return "wrong";
    }
  }
  return "good";
}

function refused(reason: Refusal): Outcome {
  return { state: "refused", reason };
}

/**
 * Checks a receipt against the log's key. Says "verified" only when the record, salt and path lead to the
 * root that the key signed for exactly this tree size.
 */
export async function checkReceipt(value: unknown, key: LogKey, crypto: Crypto): Promise<Outcome> {
  const receipt = parseReceipt(value);
  if (!receipt) {
    return refused("receipt_malformed");
  }
  const note = parseCheckpoint(receipt.checkpoint);
  if (!note) {
    return refused("checkpoint_malformed");
  }
  if (note.origin !== key.name) {
    return refused("checkpoint_other_log");
  }
  if (note.size !== receipt.tree_size) {
    return refused("checkpoint_other_size");
  }
  const leaf = await leafHash(receipt.record, receipt.saltBytes, crypto);
  const root = await rootFromProof(leaf, receipt.leaf_index, receipt.tree_size, receipt.proof, crypto);
  if (!root || !equal(root, note.root)) {
    return refused("not_in_tree");
  }
  switch (await checkSignature(note, key, crypto)) {
    case "good":
      return { state: "verified", treeSize: note.size };
    case "not_checkable":
      return { state: "signature_not_checkable", treeSize: note.size };
    case "missing":
      return refused("signature_missing");
    case "wrong":
      return refused("signature_wrong");
  }
}

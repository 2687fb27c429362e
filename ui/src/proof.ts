/**
 * Citizen page: checks the receipt of every disclosure line in this browser and writes the finding
 * beside it. What cannot be checked is never called checked.
 */
import { checkReceipt, parseLogKey, type LogKey, type Outcome } from "./proof-check.js";
import { descendant, message } from "./page.js";

type Finding = "checking" | "verified" | "refused" | "unsigned" | "unreachable" | "unavailable";

const TAG_CLASS: Record<Finding, string> = {
  checking: "tag--quiet",
  verified: "tag--good",
  refused: "tag--bad",
  unsigned: "tag--warn",
  unreachable: "tag--warn",
  unavailable: "tag--warn",
};

const FINDING_OF: Record<Outcome["state"], Finding> = {
  verified: "verified",
  refused: "refused",
  signature_not_checkable: "unsigned",
};

function show(list: HTMLElement, line: HTMLElement, finding: Finding, reason = ""): void {
  const tag = descendant(line, "[data-proof-status]", HTMLElement);
  tag.className = `tag ${TAG_CLASS[finding]}`;
  tag.textContent = message(list, finding);
  line.dataset["proof"] = finding;
  const detail = descendant(line, "[data-proof-detail]", HTMLElement);
  const sentence = finding === "refused" ? `${message(list, "refused-detail")} (${reason})` : "";
  detail.textContent = finding === "unsigned" ? message(list, "unsigned-detail") : sentence;
  detail.hidden = detail.textContent === "";
}

async function fetchReceipt(line: HTMLElement): Promise<unknown> {
  const answer = await fetch(line.dataset["receiptUrl"] ?? "", { headers: { Accept: "application/json" } });
  if (!answer.ok) {
    throw new Error(`status ${answer.status}`);
  }
  return answer.json();
}

async function checkLine(list: HTMLElement, line: HTMLElement, key: LogKey): Promise<void> {
  show(list, line, "checking");
  let receipt: unknown;
  try {
    receipt = await fetchReceipt(line);
  } catch {
    show(list, line, "unreachable");
    return;
  }
  const outcome = await checkReceipt(receipt, key, crypto.subtle);
  show(list, line, FINDING_OF[outcome.state], outcome.state === "refused" ? outcome.reason : "");
  const record = line.querySelector<HTMLElement>("[data-proof-record]");
  if (record && outcome.state !== "refused") {
    descendant(record, "pre", HTMLPreElement).textContent = (receipt as { record: string }).record;
    record.hidden = false;
  }
}

async function checkAll(list: HTMLElement): Promise<void> {
  const lines = list.querySelectorAll<HTMLElement>("[data-receipt-url]");
  // Browsers give WebCrypto to secure origins only (https, or localhost).
  // Each node of the house signs a log of its own, so each line names its key; mostly they are the same.
  const keys = new Map<string, LogKey | null>();
  for (const line of lines) {
    const text = line.dataset["logKey"] ?? "";
    if (!keys.has(text)) {
      keys.set(text, crypto.subtle ? await parseLogKey(text, crypto.subtle) : null);
    }
    const key = keys.get(text);
    if (key) {
      await checkLine(list, line, key);
    } else {
      show(list, line, "unavailable");
    }
  }
}

for (const list of document.querySelectorAll<HTMLElement>("[data-proofs]")) {
  void checkAll(list);
}

/**
 * Live counters: asks `data-live-url` every two seconds and writes each value where the page wants it.
 * Rests while the tab is hidden, and says so when the server cannot be reached.
 */
import { descendant, isEnglish } from "./page.js";

const INTERVAL_MS = 2_000;
const TIMEOUT_MS = 5_000;

const numbers = new Intl.NumberFormat(isEnglish() ? "en" : "vi", { maximumFractionDigits: 2 });

/** The value at a dotted path such as `refusals.limit_reached`. */
function valueAt(answer: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((value, key) => {
    const isObject = typeof value === "object" && value !== null && Object.hasOwn(value, key);
    return isObject ? (value as Record<string, unknown>)[key] : undefined;
  }, answer);
}

function write(element: HTMLElement, value: unknown): void {
  if (element instanceof HTMLMeterElement && typeof value === "number") {
    element.value = value;
  } else if (typeof value === "number") {
    element.textContent = numbers.format(value);
  } else if (typeof value === "string") {
    element.textContent = value;
  }
}

function wire(board: HTMLElement): void {
  const lost = descendant(board, "[data-live-lost]", HTMLElement);
  let timer = 0;
  let isAsking = false;

  async function ask(): Promise<void> {
    const answer = await fetch(board.dataset["liveUrl"] ?? "", {
      headers: { Accept: "application/json" },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!answer.ok) {
      throw new Error(`status ${answer.status}`);
    }
    const json: unknown = await answer.json();
    for (const element of board.querySelectorAll<HTMLElement>("[data-live]")) {
      write(element, valueAt(json, element.dataset["live"] ?? ""));
    }
  }

  async function turn(): Promise<void> {
    if (isAsking || document.hidden) {
      return;
    }
    isAsking = true;
    try {
      await ask();
      lost.hidden = true;
    } catch {
      lost.hidden = false;
    }
    isAsking = false;
    clearTimeout(timer);
    timer = window.setTimeout(() => void turn(), INTERVAL_MS);
  }

  document.addEventListener("visibilitychange", () => void turn());
  void turn();
}

document.querySelectorAll<HTMLElement>("[data-live-url]").forEach(wire);

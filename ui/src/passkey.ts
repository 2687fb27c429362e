/**
 * Passkeys: `<form data-passkey="register|sign-in">` asks the server for options, the browser for a
 * credential, and the server for its verdict. The form's own fields go along with the first request.
 */
import { descendant, isEnglish, message } from "./page.js";

/** A problem that the reader is told in the reader's language. */
class Problem extends Error {}

interface ProblemBody {
  title_vi?: unknown;
  title_en?: unknown;
  code?: unknown;
}

function problemText(body: ProblemBody, fallback: string): string {
  const title = isEnglish() ? body.title_en : body.title_vi;
  if (typeof title !== "string") {
    return fallback;
  }
  return typeof body.code === "string" ? `${title} (${body.code})` : title;
}

async function post(form: HTMLFormElement, step: string, body: unknown): Promise<unknown> {
  let answer: Response;
  try {
    answer = await fetch(`/passkey/${form.dataset["passkey"]}/${step}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify(body),
    });
  } catch {
    throw new Problem(message(form, "network"));
  }
  const json: unknown = await answer.json().catch(() => null);
  if (!answer.ok) {
    throw new Problem(problemText((json ?? {}) as ProblemBody, message(form, "failed")));
  }
  return json;
}

async function askBrowser(form: HTMLFormElement, options: unknown): Promise<PublicKeyCredential> {
  const publicKey = (options as { publicKey: never }).publicKey;
  let credential: Credential | null;
  try {
    credential =
      form.dataset["passkey"] === "register"
        ? await navigator.credentials.create({
            publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(publicKey),
          })
        : await navigator.credentials.get({
            publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(publicKey),
          });
  } catch (error) {
    const name = error instanceof DOMException ? error.name : "";
    const known: Record<string, string> = { NotAllowedError: "cancelled", InvalidStateError: "already" };
    throw new Problem(message(form, known[name] ?? "failed"));
  }
  if (!(credential instanceof PublicKeyCredential)) {
    throw new Problem(message(form, "cancelled"));
  }
  return credential;
}

/** Where to go next: a page of this site, whatever the answer says; first where this page itself leads on. */
function nextPage(form: HTMLFormElement, answer: unknown): string {
  const then = form.closest<HTMLElement>("[data-passkey-then]")?.dataset["passkeyThen"];
  const location = then ?? (answer as { location?: unknown } | null)?.location;
  const url = new URL(typeof location === "string" ? location : "/", document.baseURI);
  return url.origin === window.location.origin ? url.href : "/";
}

async function run(form: HTMLFormElement): Promise<void> {
  const options = await post(form, "start", Object.fromEntries(new FormData(form)));
  const credential = await askBrowser(form, options);
  const answer = await post(form, "finish", credential.toJSON());
  window.location.assign(nextPage(form, answer));
}

function isSupported(): boolean {
  return (
    typeof PublicKeyCredential === "function" &&
    typeof PublicKeyCredential.parseCreationOptionsFromJSON === "function" &&
    typeof PublicKeyCredential.parseRequestOptionsFromJSON === "function"
  );
}

function wire(form: HTMLFormElement): void {
  const summary = descendant(document, "[data-passkey-problem]", HTMLElement);
  const sentence = descendant(summary, "[data-passkey-problem-text]", HTMLElement);
  const button = descendant(form, "button", HTMLButtonElement);

  function show(text: string): void {
    sentence.textContent = text;
    summary.hidden = false;
    summary.focus();
  }

  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!isSupported()) {
      show(message(form, "unsupported"));
      return;
    }
    summary.hidden = true;
    button.disabled = true;
    run(form)
      .catch((error: unknown) => show(error instanceof Problem ? error.message : message(form, "failed")))
      .finally(() => {
        button.disabled = false;
      });
  });
}

document.querySelectorAll<HTMLFormElement>("form[data-passkey]").forEach(wire);

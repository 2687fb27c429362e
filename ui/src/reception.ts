/**
 * Reception desk, for a scanner that is a keyboard: whatever is typed lands in the scan field, and
 * Enter on the empty field admits the person whose check came out clear.
 */
import { wireCamera } from "./camera.js";
import { descendant } from "./page.js";

/** Some scanners end with two line ends; the second must not admit a person nobody has looked at. */
const ARMED_AFTER_MS = 500;

const scanForm = descendant(document, "form[data-scan]", HTMLFormElement);
const scanField = descendant(scanForm, "input[name=scan]", HTMLInputElement);
const admitForm = document.querySelector<HTMLFormElement>("form[data-admit]");
const cameraPanel = document.querySelector<HTMLElement>("[data-camera]");

function isTextControl(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches("input, textarea, select");
}

/** The page's own fields keep their keys; a letter or digit typed anywhere else starts a scan. */
function catchScan(event: KeyboardEvent): void {
  const hasModifier = event.ctrlKey || event.altKey || event.metaKey;
  const startsScan = /^[\p{L}\p{N}]$/u.test(event.key) && !hasModifier;
  if (startsScan && !isTextControl(event.target)) {
    scanField.value = "";
    scanField.focus();
  }
}

function admitOnEnter(event: KeyboardEvent): void {
  if (event.key !== "Enter" || scanField.value.trim() !== "") {
    return;
  }
  event.preventDefault();
  if (admitForm?.hasAttribute("data-armed") && !event.repeat) {
    admitForm.requestSubmit();
  }
}

document.addEventListener("keydown", catchScan, { capture: true });
scanField.addEventListener("keydown", admitOnEnter);
window.addEventListener("focus", () => {
  if (document.activeElement === document.body) {
    scanField.focus();
  }
});
setTimeout(() => admitForm?.setAttribute("data-armed", ""), ARMED_AFTER_MS);
// Without this script Enter asks again instead of admitting, so only it shows the hint.
document.querySelector("[data-admit-hint]")?.removeAttribute("hidden");
scanField.focus({ preventScroll: true });
// On a phone the verdict is below the fold: nobody may be admitted unseen.
document.getElementById("outcome")?.scrollIntoView({ block: "nearest" });

if (cameraPanel) {
  wireCamera(cameraPanel, (text) => {
    scanField.value = text;
    scanForm.requestSubmit();
  });
}

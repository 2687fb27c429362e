/** On every page: behaviour of the components in use, and forms that can be sent once only. */
import { Button, createAll, ErrorSummary, SkipLink } from "govuk-frontend";

document.body.classList.add("govuk-frontend-supported");
createAll(SkipLink);
createAll(ErrorSummary);
createAll(Button);

/** A form marked `data-once` is sent once; a page that comes back from the history may send it again. */
function sendOnce(form: HTMLFormElement): void {
  const buttons = form.querySelectorAll<HTMLButtonElement>("button");
  let isSent = false;
  form.addEventListener("submit", (event) => {
    if (isSent) {
      event.preventDefault();
      return;
    }
    isSent = true;
    // Later than the browser has put the form together: a disabled button would not say what it stands for.
    setTimeout(() => {
      for (const button of buttons) {
        button.disabled = isSent;
      }
    });
  });
  window.addEventListener("pageshow", () => {
    isSent = false;
    for (const button of buttons) {
      button.disabled = false;
    }
  });
}

for (const form of document.querySelectorAll<HTMLFormElement>("form[data-once]")) {
  sendOnce(form);
}

for (const button of document.querySelectorAll<HTMLButtonElement>("button[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

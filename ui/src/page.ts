/** Small helpers that every island shares. */

/** The message that the page carries in `data-message-<name>`, in the reader's language. */
export function message(element: HTMLElement, name: string): string {
  const text = element.getAttribute(`data-message-${name}`);
  if (text === null) {
    throw new Error(`data-message-${name} is missing on <${element.localName}>`);
  }
  return text;
}

/** The one descendant that matches, of the kind named; a page without it is a mistake in its template. */
export function descendant<T extends Element>(
  root: ParentNode,
  selector: string,
  kind: abstract new (...args: never[]) => T,
): T {
  const found = root.querySelector(selector);
  if (!(found instanceof kind)) {
    throw new Error(`the page has no ${selector}`);
  }
  return found;
}

/** Vietnamese unless the page says English. */
export function isEnglish(): boolean {
  return document.documentElement.lang === "en";
}

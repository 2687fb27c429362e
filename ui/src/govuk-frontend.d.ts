/** The part of govuk-frontend that the pages use; the package has no types of its own. */
declare module "govuk-frontend" {
  type Component = new (root: Element, config?: object) => object;
  export const Button: Component;
  export const ErrorSummary: Component;
  export const SkipLink: Component;
  export function createAll(component: Component, config?: object, scope?: Element): object[];
}

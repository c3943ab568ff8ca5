/** What a page was given by the server: elements that must be there, `<template>` elements to clone, slots to fill with text. Never markup. */

type Kind<T extends Element> = new () => T;

/** The element that `selector` finds; throws when it is missing: page and script do not belong together then. */
export function find<T extends Element>(scope: ParentNode, selector: string, kind: Kind<T>): T {
  const found = maybe(scope, selector, kind);
  if (found === undefined) throw new Error(`missing: ${selector}`);
  return found;
}

/** The first element of this kind that `selector` finds, if any. */
export function maybe<T extends Element>(scope: ParentNode, selector: string, kind: Kind<T>): T | undefined {
  return all(scope, selector, kind)[0];
}

/** Every element of this kind that `selector` finds, in the order of the page. */
export function all<T extends Element>(scope: ParentNode, selector: string, kind: Kind<T>): readonly T[] {
  return [...scope.querySelectorAll(selector)].filter((element): element is T => element instanceof kind);
}

/** Shows or hides. */
export function show(element: HTMLElement, shown = true): void {
  element.hidden = !shown;
}

/** Of the elements with this attribute, shows those whose value is `value`, and hides the others. */
export function showOnly(scope: ParentNode, attribute: string, value?: string): void {
  for (const element of all(scope, `[${attribute}]`, HTMLElement)) show(element, element.getAttribute(attribute) === value);
}

/** A fresh copy of what `<template id="t-NAME">` holds. */
export function clone(name: string): DocumentFragment {
  return document.importNode(find(document, `template#t-${CSS.escape(name)}`, HTMLTemplateElement).content, true);
}

/** Adds the templates of another document to the page. */
export function addTemplates(from: Document): void {
  document.body.append(...all(from, "template[id]", HTMLTemplateElement).map((template) => document.importNode(template, true)));
}

/** Whether the page has `<template id="t-NAME">`. */
export function hasTemplate(name: string): boolean {
  return maybe(document, `template#t-${CSS.escape(name)}`, HTMLTemplateElement) !== undefined;
}

/** The slots of a name inside `scope`. */
export function slots(scope: ParentNode, name: string): readonly HTMLElement[] {
  return all(scope, `[data-slot="${name}"]`, HTMLElement);
}

/** The first slot of a name inside `scope`. */
export function slot(scope: ParentNode, name: string): HTMLElement {
  return find(scope, `[data-slot="${name}"]`, HTMLElement);
}

/** Puts text into every slot of a name inside `scope`; where it stands already, nothing changes, and nothing is read out. */
export function fill(scope: ParentNode, name: string, text: string): void {
  for (const place of slots(scope, name)) if (place.textContent !== text) place.textContent = text;
}

/** `fill` for several names. */
export function fillAll(scope: ParentNode, values: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(values)) fill(scope, name, text);
}

/** A copy of a template with its slots filled. */
export function filled(name: string, values: Readonly<Record<string, string>> = {}): DocumentFragment {
  const copy = clone(name);
  fillAll(copy, values);
  return copy;
}

/** The same as text. */
export function sentence(name: string, values: Readonly<Record<string, string>> = {}): string {
  return plainText(filled(name, values));
}

/** The text of a node, each run of white space as one space. */
export function plainText(node: Node): string {
  return (node.textContent ?? "").replace(/\s+/g, " ").trim();
}

/** What the server tells every desk page: addresses, names and days, as attributes of `<main>`. Nothing here is believed about keys. */
import { FormatError } from "../core/errors.ts";
import { type Profile, profiles } from "../core/kdf.ts";
import { limits } from "../core/limits.ts";
import { find } from "../dom/templates.ts";

/** The page's `<main>`. */
export const main: HTMLElement = find(document, "#main", HTMLElement);

/** The value of a `data-` attribute of `element` (by default `<main>`); empty where there is none. */
export function given(name: string, element: HTMLElement = main): string {
  return element.dataset[name] ?? "";
}

/** What a password costs here. The cheap profile is for tests on this machine; offered from anywhere else it is refused. */
export function profileOf(element: HTMLElement = main): Profile {
  const name = given("kdfProfile", element);
  if (name === "production") return profiles.production;
  if (name === "testing" && /^(127\.[0-9.]+|localhost|\[::1\])$/.test(location.hostname)) return profiles.testing;
  throw new FormatError();
}

/** Milliseconds without input after which a tab closes its keys. */
export const idleAfter: number = limits.idle_minutes * 60_000;

/** A day as the desk writes it: "21 Nov", with the year when it is not this one. */
export function shortDay(day: string): string {
  const [year = "", month = "", date = ""] = day.split("-");
  const name = given("months").split("|")[Number(month) - 1] ?? "";
  const short = `${String(Number(date))} ${name}`;
  return year === given("today").slice(0, 4) ? short : `${short} ${year}`;
}

/** Days as people read them, in the way the server writes them on the same page. */
import { isDay, utcDay } from "../core/day.ts";

/** How the page writes a day: the names of the months, and a pattern of `d`, `MMMM` and `y`. */
export interface DayStyle {
  readonly months: readonly string[];
  readonly pattern: string;
}

/** The style a page names in `data-months` and `data-date-pattern`. */
export function dayStyle(page: HTMLElement): DayStyle {
  return { months: (page.dataset["months"] ?? "").split("|"), pattern: page.dataset["datePattern"] ?? "" };
}

/** `2026-11-21` as "21 November 2026". Anything that is no day stays as it is. */
export function written(day: string, { months, pattern }: DayStyle): string {
  if (!isDay(day)) return day;
  const [year = "", month = "", date = ""] = day.split("-");
  const values: Readonly<Record<string, string>> = { y: String(Number(year)), MMMM: months[Number(month) - 1] ?? month, d: String(Number(date)) };
  return pattern.replace(/MMMM|d|y/g, (letter) => values[letter] ?? letter);
}

/** The server's day, so that no document tells whose clock is wrong; this browser's where the page names none. */
export function today(page: HTMLElement): string {
  const day = page.dataset["today"] ?? "";
  return isDay(day) ? day : utcDay();
}

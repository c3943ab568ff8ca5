import {
  isDay,
  utcDay
} from "./desk-shared-42MHHOPY.js";

// dom/days.ts
function today(page) {
  const day = page.dataset["today"] ?? "";
  return isDay(day) ? day : utcDay();
}

export {
  today
};

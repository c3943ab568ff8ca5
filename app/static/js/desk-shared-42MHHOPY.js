// core/day.ts
function utcDay(at = /* @__PURE__ */ new Date()) {
  return at.toISOString().slice(0, 10);
}
function isDay(text) {
  if (!/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(text) || text.startsWith("0000")) return false;
  const at = /* @__PURE__ */ new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text);
}

export {
  utcDay,
  isDay
};

import { describe, expect, it } from "vitest";
import { parseSearch, stringifySearch } from "../shell/search";
import { type DecisionFilters, isPersonal, lookUp, period, readFilters } from "./filters";

describe("the address is the view", () => {
  const views: DecisionFilters[] = [
    {},
    { outcome: "hold" },
    { outcome: "reject", kind: "application.submitted", typology: "T1", rule: "t1_device_many_persons", range: "7d" },
    { q: "LN2026 0001&x=1", from: "2026-11-01", to: "2026-11-22" },
    { q: "007" },
  ];
  it.each(views)("%j survives the address", (view) => {
    expect(readFilters(parseSearch(stringifySearch(view as Record<string, unknown>)))).toEqual(view);
  });

  it("is one address for one view", () => {
    expect(stringifySearch({ rule: "b", kind: "a" })).toBe(stringifySearch({ kind: "a", rule: "b" }));
    expect(stringifySearch({ rule: undefined, kind: "" })).toBe("");
  });

  it("is readable: no quotes, no JSON", () => expect(stringifySearch({ q: "007" })).toBe("?q=007"));
});

it.each([
  ["an unknown outcome", { outcome: "explode" }],
  ["an unknown kind", { kind: "application" }],
  ["an unknown typology", { typology: "T10" }],
  ["a range that is not offered", { range: "99d" }],
  ["a day that does not exist", { from: "2026-02-30" }],
  ["a day in another form", { from: "22/11/2026" }],
  ["an object", { rule: { a: 1 } }],
  ["an unknown parameter", { admin: "1" }],
])("%s is dropped", (_, search) => expect(readFilters(search)).toEqual({}));

it("a moving range excludes fixed days", () => {
  expect(readFilters({ range: "24h", from: "2026-11-01" })).toEqual({ range: "24h" });
});

it("a long text is cut", () => expect(readFilters({ q: "x".repeat(500) }).q).toHaveLength(200));

describe("period", () => {
  const now = new Date(2026, 10, 22, 12, 0, 0);
  it("is open where nothing is chosen", () => expect(period({}, now)).toEqual({}));
  it("reaches back from now", () => {
    expect(period({ range: "24h" }, now)).toEqual({ from: new Date(2026, 10, 21, 12, 0, 0).toISOString() });
    expect(period({ range: "7d" }, now)).toEqual({ from: new Date(2026, 10, 15, 12, 0, 0).toISOString() });
  });
  it("holds the last day whole", () => {
    expect(period({ from: "2026-11-01", to: "2026-11-02" }, now)).toEqual({
      from: new Date(2026, 10, 1).toISOString(),
      to: new Date(2026, 10, 3).toISOString(),
    });
  });
});

describe("numbers that identify a person stay out of the address", () => {
  it.each(["13800138000", "+86 138 0013 8000", "11010519491231002X", "6222 0200 1234 5678 901"])("%s", (q) => {
    expect(isPersonal(q)).toBe(true);
    expect(lookUp(q)).toEqual({ search: {}, state: { identifier: q.trim() } });
  });
  it.each(["evt_06ek3t8h2m9qk4x7c1v5b0n3aa", "LN20260891", "C0012345", "007"])("%s is no such number", (q) => {
    expect(lookUp(q)).toEqual({ search: { q }, state: {} });
  });
  it("an empty search asks for nothing", () => expect(lookUp("  ")).toEqual({ search: {}, state: {} }));
});

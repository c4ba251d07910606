import { describe, expect, it } from "vitest";
import { clock, count, leaves, measured, milliseconds, money, plain, share, signed, span } from "./format";

it("groups digits", () => {
  expect(count(1234567, "zh-CN")).toBe("1,234,567");
  expect(count(0, "en")).toBe("0");
});

it.each([
  [1, 3, "33.3%"],
  [1, 1, "100%"],
  [0, 7, "0%"],
  [1, 12345, "0.01%"],
  [0, 0, "–"],
])("share of %d in %d is %s", (part, whole, text) => expect(share(part, whole, "en")).toBe(text));

it.each([
  [0, "0.00"],
  [1840, "1.84"],
  [12_345, "12.3"],
  [234_567, "235"],
])("%d µs is %s ms", (us, text) => expect(milliseconds(us)).toBe(text));

describe("clock", () => {
  const now = new Date(2026, 10, 22, 12, 0, 0);
  it.each([
    ["today", new Date(2026, 10, 22, 9, 5, 7), "09:05:07"],
    ["this year", new Date(2026, 0, 2, 9, 5, 7), "01-02 09:05:07"],
    ["another year", new Date(2025, 10, 22, 9, 5, 7), "2025-11-22 09:05"],
  ])("%s", (_, time, text) => expect(clock(time.toISOString(), now)).toBe(text));
  it("leaves what is no time as it is", () => expect(clock("soon", now)).toBe("soon"));
});

it.each([
  [35, "suspicion", "+35"],
  [0, "suspicion", "0"],
  [20, "hardship", "−20"],
  [-20, "hardship", "−20"],
])("weight %d of %s is written %s", (weight, polarity, text) => expect(signed(weight, polarity)).toBe(text));

it.each([
  [undefined, "–"],
  [null, "–"],
  [1234.5, "1,234.5"],
  [true, "true"],
  ["138****7781", "138****7781"],
  [["a", 2], "a, 2"],
  [{ a: 1 }, '{"a":1}'],
])("value %j is written %s", (value, text) => expect(plain(value, "en")).toBe(text));

it("flattens nested data to the paths that rules use", () => {
  expect(
    leaves({ amount: 5, employer: { name: "x" }, contacts: [{ phone: "1" }, { phone: "2" }], tags: ["a", "b"] }),
  ).toEqual([
    { path: "amount", value: 5 },
    { path: "employer.name", value: "x" },
    { path: "contacts[0].phone", value: "1" },
    { path: "contacts[1].phone", value: "2" },
    { path: "tags", value: ["a", "b"] },
  ]);
});

it.each([
  ["168h0m0s", { n: 7, unit: "d" }],
  ["24h0m0s", { n: 1, unit: "d" }],
  ["36h0m0s", { n: 36, unit: "h" }],
  ["30m0s", { n: 30, unit: "m" }],
  ["1h30m0s", { n: 90, unit: "m" }],
  ["45s", undefined],
  ["soon", undefined],
  ["", undefined],
])("span of %s", (text, want) => expect(span(text)).toEqual(want));

it.each([
  [5_000_000, "CNY", "¥50,000.00"],
  [-120, "USD", "-$1.20"],
  [5000, "JPY", "¥5,000"],
  [0, undefined, "¥0.00"],
])("%d minor units of %s are %s", (minor, currency, text) => expect(money(minor, "en", currency)).toBe(text));

it("an unknown currency code is no reason to fail", () => expect(money(100, "en", "yuan")).toContain("1.00"));

it("a value is written by its unit", () => {
  expect(measured(123_456, "en", "money")).toBe("¥1,234.56");
  expect(measured(Date.UTC(2026, 0, 2, 3, 4, 5) * 1000, "en", "time")).toMatch(/^2026-01-0\d \d\d:04:05\.000/);
  expect(measured(123_456, "en")).toBe("123,456");
  expect(measured("****", "en", "money")).toBe("****");
});

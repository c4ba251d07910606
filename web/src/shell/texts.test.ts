import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { describe, expect, it } from "vitest";

const src = join(import.meta.dirname, "..");
const files = readdirSync(src, { recursive: true, encoding: "utf8" });
const rooms = files.filter((f) => basename(f) === "zh-CN.json").map(dirname);
const code = files
  .filter((f) => /\.tsx?$/.test(f) && !f.endsWith(".test.ts") && !f.endsWith(".d.ts"))
  .map((f) => readFileSync(join(src, f), "utf8"))
  .join("\n");

const texts = (room: string, language: string): Record<string, string> =>
  JSON.parse(readFileSync(join(src, room, `${language}.json`), "utf8"));
const placeholders = (text: string) => (text.match(/\{\{\w+\}\}/g) ?? []).sort();

// Every string of the code, and every template that is translated as a pattern with a hole for each ${…}.
const literals = new Set(code.match(/"[^"\n]+"/g)?.map((s) => s.slice(1, -1).replace(/^\w+:/, "")));
const patterns = [...code.matchAll(/\bt\([^)`]*`(?:\w+:)?([^`]+)`/g)].map(([, template = ""]) => {
  const fixed = template.split(/\$\{[^}]*\}/).map((part) => part.replaceAll(".", "\\."));
  return new RegExp(`^${fixed.join("[\\w.]+")}$`);
});
for (const [, vocabulary = ""] of code.matchAll(/\bword\("\w+:(\w+)"/g))
  patterns.push(new RegExp(`^${vocabulary}\\.[\\w.]+$`));

it("there are rooms with texts", () => expect(rooms.length).toBeGreaterThanOrEqual(3));

describe.each(rooms)("texts of %s", (room) => {
  const zh = texts(room, "zh-CN");
  const en = texts(room, "en");

  it("has the same keys in both languages", () => {
    expect(Object.keys(en).sort()).toEqual(Object.keys(zh).sort());
  });

  it("keeps its keys sorted", () => {
    expect(Object.keys(zh)).toEqual(Object.keys(zh).sort());
    expect(Object.keys(en)).toEqual(Object.keys(en).sort());
  });

  it.each(Object.keys(zh))("%s is written in both languages, with the same placeholders", (key) => {
    expect(zh[key]?.trim()).toBeTruthy();
    expect(en[key]?.trim()).toBeTruthy();
    expect(placeholders(en[key] ?? "")).toEqual(placeholders(zh[key] ?? ""));
  });

  it("has no Chinese left in English, but for the name of the other language", () => {
    const mixed = Object.entries(en).filter(([key, text]) => /\p{Script=Han}/u.test(text) && key !== "language.other");
    expect(mixed).toEqual([]);
  });

  it("holds no text that the code does not use", () => {
    const unused = Object.keys(zh).filter((key) => !literals.has(key) && !patterns.some((p) => p.test(key)));
    expect(unused).toEqual([]);
  });
});

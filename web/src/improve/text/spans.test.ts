import { expect, it } from "vitest";
import { pieces } from "./spans";

it("cuts by bytes, not by characters", () => {
  const text = "加薇ab1停息挂账";
  expect(pieces(text, [{ span: { start: 3, end: 9 }, of: "contact" }])).toEqual([
    { text: "加", marks: [] },
    { text: "薇ab1", marks: ["contact"] },
    { text: "停息挂账", marks: [] },
  ]);
});

it("keeps every character, also where marks overlap", () => {
  const text = "不成功退全款😀";
  const cut = pieces(text, [
    { span: { start: 0, end: 9 }, of: 1 },
    { span: { start: 6, end: 18 }, of: 2 },
  ]);
  expect(cut.map((p) => p.text).join("")).toBe(text);
  expect(cut.map((p) => p.marks)).toEqual([[1], [1, 2], [2], []]);
});

it("leaves out what is not in the text", () => {
  expect(pieces("ab", [{ span: { start: 1, end: 9 }, of: 1 }])).toEqual([{ text: "ab", marks: [] }]);
  expect(pieces("", [])).toEqual([]);
});

import { describe, expect, it } from "vitest";
import { wordDiff } from "./words";

const plain = (from: string, to: string) =>
  wordDiff(from, to)
    .map(({ text, sort }) => (sort === "same" ? text : `${sort}(${text})`))
    .join("");

describe("the difference of two expressions", () => {
  it.each([
    ["a > 2", "a > 3", "a > del(2)ins(3)"],
    ["velocity.x > 2 && b", "velocity.x > 2", "velocity.x > 2del( && b)"],
    ["", "x", "ins(x)"],
    ["x", "", "del(x)"],
    ["same", "same", "same"],
    ["", "", ""],
    ["名单命中", "名单未命中", "名单ins(未)命中"],
  ])("%j to %j", (from, to, want) => expect(plain(from, to)).toBe(want));

  it("gives both texts back", () => {
    const [from, to] = ["a == 1 || b in [1, 2]", "a == 2 || (b in [2, 3] && c)"];
    const words = wordDiff(from, to);
    const side = (gone: string) =>
      words
        .filter((w) => w.sort !== gone)
        .map((w) => w.text)
        .join("");
    expect([side("ins"), side("del")]).toEqual([from, to]);
  });

  it("shows very long texts whole", () => expect(wordDiff("a ".repeat(500), "b")).toHaveLength(2));
});

import { describe, expect, it } from "vitest";
import { readDraft } from "./drafts";
import { namesIn, rulesIn } from "./outline";

const text = `id: x
velocities:
  - {id: device_7d, key: device}
lists:
  - {id: bad_phones, kind: phone}
parameters:
  - {id: few, value: 3}
rules:
  # a comment
  - id: T1-A
    when: 'velocity.device_7d > 2'
  - {id: "T2-B", when: 'true'}
`;

describe("outline of a ruleset's text", () => {
  it("finds rules with their lines, and nothing else", () =>
    expect(rulesIn(text)).toEqual([
      { id: "T1-A", line: 10 },
      { id: "T2-B", line: 12 },
    ]));
  it("is empty where there are no rules", () => expect(rulesIn("id: x\n- id: y\n")).toEqual([]));
  it("names what the text declares, and the fields of events", () => {
    const names = namesIn(text);
    expect(names.slice(0, 3)).toEqual(["velocity.device_7d", 'list("bad_phones", key(""))', "param.few"]);
    expect(names).toContain("event.amount");
    expect(names.some((n) => n.includes("T1-A"))).toBe(false);
  });
});

describe("a draft that was kept", () => {
  const kept = (value: string | null) => readDraft("usr_1", { getItem: () => value });
  const draft = { base: { id: "default", version: 2 }, text: "id: default", at: "2026-11-23T00:00:00Z" };
  it("is read back", () => expect(kept(JSON.stringify(draft))).toEqual(draft));
  it.each([null, "", "{", "[]", '{"text":"x"}', JSON.stringify({ ...draft, base: { id: "x" } })])(
    "%j is none",
    (value) => expect(kept(value)).toBeUndefined(),
  );
});

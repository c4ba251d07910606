import { expect, it } from "vitest";
import { fieldOf } from "./fields";
import table from "./fields.json";
import { KINDS } from "./vocabulary";

it.each(KINDS)("%s is described by the API document", (kind) => {
  expect(Object.keys(table[kind]).length).toBeGreaterThan(5);
});

it.each([
  ["application.submitted", "amount", { title: { zh: "申请金额", en: "Amount asked for" }, unit: "money" }],
  ["application.submitted", "card_bound_at", { title: { zh: "绑卡时间", en: "Card bound at" }, unit: "time" }],
  ["application.submitted", "employer.phone", { title: { zh: "工作单位 · 单位电话", en: "Employer · Work phone" } }],
  ["application.submitted", "contacts[1].phone", { title: { zh: "联系人 · 电话 2", en: "Contacts · Phone 2" } }],
  [
    "application.submitted",
    "scores.a_card",
    { title: { zh: "机构自有评分 · a_card", en: "The lender's own scores · a_card" } },
  ],
])("%s %s", (kind, path, field) => expect(fieldOf(kind, path)).toEqual(field));

it("what is not in the document is not explained", () => {
  expect(fieldOf("application.submitted", "nothing")).toBeUndefined();
  expect(fieldOf("application.submitted", "nothing.at_all")).toBeUndefined();
  expect(fieldOf("no.such.kind", "amount")).toBeUndefined();
});

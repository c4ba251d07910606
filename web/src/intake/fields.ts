// What the fields of an event mean, from the event schemas of the API (fields.json is written by npm run types).
import table from "./fields.json";

export interface Field {
  title: { zh: string; en: string };
  unit?: "money" | "time";
}

const kinds: Record<string, Record<string, string[]>> = table;

// fieldOf explains the field at a path such as contacts[0].phone in events of a kind. An entry of a free map has its own
// name after the map's title; an item of a list its number. What the schemas do not know is undefined.
export function fieldOf(kind: string, path: string): Field | undefined {
  const fields = kinds[kind] ?? {};
  const general = path.replace(/\[\d+\]/g, "[]");
  const dot = general.lastIndexOf(".");
  const known = fields[general];
  const parent = dot > 0 ? fields[general.slice(0, dot)] : undefined;
  const [zh, en, unit] = known ?? parent ?? [];
  if (zh === undefined || en === undefined) return undefined;
  const number = [...path.matchAll(/\[(\d+)\]/g)].map(([, n]) => ` ${Number(n) + 1}`).join("");
  const own = known ? "" : ` · ${general.slice(dot + 1)}`;
  return {
    title: { zh: zh + own + number, en: en + own + number },
    unit: known && (unit === "money" || unit === "time") ? unit : undefined,
  };
}

// fieldNames lists the fields of all kinds of event as expressions name them, without those inside lists.
export function fieldNames(): string[] {
  const names = Object.values(kinds).flatMap((fields) => Object.keys(fields).filter((name) => !name.includes("[")));
  return [...new Set(names)].sort();
}

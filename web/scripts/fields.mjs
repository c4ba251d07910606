// Writes src/intake/fields.json from the event schemas of the API document: for every field of every event kind its
// title in both languages, and whether it is money or a time. Run by `npm run types`.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const { schemas } = parse(readFileSync(at("../../api/openapi.yaml"), "utf8")).components;

// fieldsOf flattens an object schema to paths as rules name them, with [] for the items of a list.
function fieldsOf(schema, prefix, titles) {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const title = [...titles, [field["x-title-zh"] ?? name, field.title ?? name]];
    const inner = field.readOnly ? [] : title; // what the platform derives stands under a heading of its own
    const path = prefix + name;
    const here = [
      [path, [title.map(([zh]) => zh).join(" · "), title.map(([, en]) => en).join(" · "), ...kindOf(field)]],
    ];
    if (field.type === "array") return [...here, ...fieldsOf(field.items, `${path}[].`, inner)];
    return [...here, ...fieldsOf(field, `${path}.`, inner)];
  });
}

function kindOf(field) {
  if (field.description?.startsWith("Minor units")) return ["money"];
  return field.format === "date-time" ? ["time"] : [];
}

const kinds = Object.entries(schemas)
  .filter(([name]) => name.startsWith("event."))
  .map(([name, schema]) => [name.slice("event.".length), Object.fromEntries(fieldsOf(schema.properties.data, "", []))]);
if (kinds.length === 0) throw new Error("the API document has no event schemas");
const lines = kinds.map(([kind, fields]) => {
  const rows = Object.entries(fields).map(([path, field]) => `    ${JSON.stringify(path)}: ${JSON.stringify(field)}`);
  return `  ${JSON.stringify(kind)}: {\n${rows.join(",\n")}\n  }`;
});
writeFileSync(at("../src/intake/fields.json"), `{\n${lines.join(",\n")}\n}\n`);

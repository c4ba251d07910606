// What can be told of a ruleset's text without parsing it: where its rules stand, and what expressions may name.
import { fieldNames } from "../../intake/fields";

export interface Place {
  id: string;
  line: number; // from 1
}

// rulesIn finds the rules of a text by their ids, in its order. A text with errors has an outline, too.
export function rulesIn(text: string): Place[] {
  const lines = text.split("\n");
  const from = lines.findIndex((line) => /^rules\s*:/.test(line));
  if (from < 0) return [];
  return lines.flatMap((line, i) => {
    const id = i > from ? /^\s*-\s+(?:\{\s*)?id:\s*["']?([\w.-]+)/.exec(line)?.[1] : undefined;
    return id ? [{ id, line: i + 1 }] : [];
  });
}

// namesIn lists what an expression may name: fields of events, and what the text itself declares.
export function namesIn(text: string): string[] {
  const own: string[] = [];
  let part = "";
  for (const line of text.split("\n")) {
    part = /^([a-z_]+)\s*:/.exec(line)?.[1] ?? part;
    const id = /^\s*-\s+(?:\{\s*)?id:\s*["']?([\w.-]+)/.exec(line)?.[1];
    if (!id) continue;
    if (part === "velocities") own.push(`velocity.${id}`);
    if (part === "parameters") own.push(`param.${id}`);
    if (part === "lists") own.push(`list("${id}", key(""))`);
  }
  return [...own, ...fieldNames().map((name) => `event.${name}`)];
}

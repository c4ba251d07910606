// The query part of an address as flat strings: what stands in the URL is what a person would type, without quotes or JSON.
export function parseSearch(search: string): Record<string, string> {
  return Object.fromEntries([...new URLSearchParams(search)].filter(([, v]) => v !== ""));
}

// stringifySearch is the inverse of parseSearch; keys are sorted, so that one view has one address.
export function stringifySearch(search: Record<string, unknown>): string {
  const given = Object.entries(search).filter(([, v]) => v !== undefined && v !== null && v !== "");
  const params = new URLSearchParams(given.map(([k, v]): [string, string] => [k, String(v)]));
  params.sort();
  const text = params.toString();
  return text ? `?${text}` : "";
}

// text reads one string parameter of an unchecked search, at most 200 characters of it.
export function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value.slice(0, 200) : undefined;
}

// oneOf reads one parameter that must be a member of a fixed set; anything else is as if it were not given.
export function oneOf<T extends string>(value: unknown, members: readonly T[]): T | undefined {
  return members.find((m) => m === value);
}

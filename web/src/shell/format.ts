// How figures, times and values are written. Pure functions of their arguments; the time zone is the browser's.
import dayjs from "dayjs";

export function count(n: number, language: string): string {
  return new Intl.NumberFormat(language).format(n);
}

export function share(part: number, whole: number, language: string): string {
  if (whole <= 0) return "–";
  const ratio = part / whole;
  const digits = ratio > 0 && ratio < 0.01 ? 2 : 1;
  return new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: digits }).format(ratio);
}

// milliseconds writes a duration given in microseconds with about three significant digits, without its unit.
export function milliseconds(microseconds: number): string {
  const ms = microseconds / 1000;
  return ms >= 100 ? ms.toFixed(0) : ms >= 10 ? ms.toFixed(1) : ms.toFixed(2);
}

// clock is the shortest form of a time that is still exact to the second: the date is left out today, the year this year.
export function clock(iso: string, now: Date = new Date()): string {
  const t = dayjs(iso);
  if (!t.isValid()) return iso;
  if (t.isSame(now, "day")) return t.format("HH:mm:ss");
  return t.isSame(now, "year") ? t.format("MM-DD HH:mm:ss") : t.format("YYYY-MM-DD HH:mm");
}

export function fullTime(iso: string): string {
  const t = dayjs(iso);
  return t.isValid() ? t.format("YYYY-MM-DD HH:mm:ss.SSS Z") : iso;
}

// signed writes a weight with its sign: hardship cancels suspicion, so it counts down.
export function signed(weight: number, polarity: string): string {
  const n = polarity === "hardship" ? -Math.abs(weight) : weight;
  return n > 0 ? `+${n}` : n < 0 ? `−${-n}` : "0";
}

// plain writes any value of an event or a trace on one line.
export function plain(value: unknown, language: string): string {
  if (value === null || value === undefined) return "–";
  if (typeof value === "number") return new Intl.NumberFormat(language, { maximumFractionDigits: 4 }).format(value);
  if (typeof value === "string") return /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(value) ? clock(value) : value;
  if (typeof value === "boolean") return value ? "true" : "false";
  if (Array.isArray(value)) return value.map((v) => plain(v, language)).join(", ");
  return JSON.stringify(value);
}

// money writes an amount given in minor units, with the decimals its currency has.
export function money(minor: number, language: string, currency = "CNY"): string {
  const code = /^[A-Z]{3}$/.test(currency) ? currency : "XXX";
  const format = new Intl.NumberFormat(language, {
    style: "currency",
    currency: code,
    currencyDisplay: "narrowSymbol",
  });
  return format.format(minor / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
}

// measured writes a value by its unit; times inside an event are microseconds.
export function measured(value: unknown, language: string, unit?: "money" | "time", currency?: string): string {
  if (typeof value !== "number" || !unit) return plain(value, language);
  return unit === "money" ? money(value, language, currency) : fullTime(new Date(value / 1000).toISOString());
}

// leaves flattens nested data to dotted paths, as rules name them: contacts[0].phone.
export function leaves(data: unknown, path = ""): { path: string; value: unknown }[] {
  if (Array.isArray(data) && data.some((v) => typeof v === "object" && v !== null))
    return data.flatMap((v, i) => leaves(v, `${path}[${i}]`));
  if (typeof data === "object" && data !== null && !Array.isArray(data))
    return Object.entries(data).flatMap(([k, v]) => leaves(v, path ? `${path}.${k}` : k));
  return [{ path, value: data }];
}

// span reads a length of time as the API writes it (168h0m0s, 30m0s) in its largest whole unit: days, hours or minutes.
export function span(text: string): { n: number; unit: "d" | "h" | "m" } | undefined {
  const [, hours = 0, minutes = 0, seconds = 0] =
    /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(text)?.map((v) => Number(v ?? 0)) ?? [];
  const total = hours * 60 + minutes;
  if (total === 0 || seconds > 0) return undefined;
  if (total % 1440 === 0) return { n: total / 1440, unit: "d" };
  return total % 60 === 0 ? { n: total / 60, unit: "h" } : { n: total, unit: "m" };
}

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

// leaves flattens nested data to dotted paths, as rules name them: contacts[0].phone.
export function leaves(data: unknown, path = ""): { path: string; value: unknown }[] {
  if (Array.isArray(data) && data.some((v) => typeof v === "object" && v !== null))
    return data.flatMap((v, i) => leaves(v, `${path}[${i}]`));
  if (typeof data === "object" && data !== null && !Array.isArray(data))
    return Object.entries(data).flatMap(([k, v]) => leaves(v, path ? `${path}.${k}` : k));
  return [{ path, value: data }];
}

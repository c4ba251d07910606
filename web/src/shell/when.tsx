import { useTranslation } from "react-i18next";
import { clock, fullTime } from "./format";

// When shows a time in its shortest exact form; the whole of it on hover.
export function When({ at }: { at?: string }) {
  if (!at) return <span className="faint">–</span>;
  return (
    <time className="figures" dateTime={at} title={fullTime(at)}>
      {clock(at)}
    </time>
  );
}

const STEPS = [
  [86_400_000, "day"],
  [3_600_000, "hour"],
  [60_000, "minute"],
] as const;

// Until says how far away a time is, in the reader's language.
export function Until({ at }: { at: string }) {
  const { i18n } = useTranslation();
  const ms = new Date(at).getTime() - Date.now();
  const [size, unit] = STEPS.find(([step]) => Math.abs(ms) >= step) ?? STEPS[2];
  const text = new Intl.RelativeTimeFormat(i18n.language, { numeric: "auto" }).format(Math.round(ms / size), unit);
  return <span title={fullTime(at)}>{text}</span>;
}

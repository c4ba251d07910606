import { Tooltip } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { count } from "./format";

interface Props {
  label: string;
  hint?: string;
  tone?: "act" | "hardship";
  children: ReactNode;
  note?: ReactNode;
}

// Figure is one number with its name and what it means.
export function Figure({ label, hint, tone, children, note }: Props) {
  return (
    <div className="figure" data-tone={tone}>
      <Tooltip title={hint} mouseEnterDelay={0.3}>
        <dt>{label}</dt>
      </Tooltip>
      <dd>
        <b className="figures">{children}</b>
        {note && <small>{note}</small>}
      </dd>
    </div>
  );
}

// Change is how far a figure moved; good says which way is better.
export function Change({
  from,
  to,
  good,
  digits = 0,
}: {
  from: number;
  to: number;
  good?: "up" | "down";
  digits?: number;
}) {
  const { i18n } = useTranslation();
  const by = Number((to - from).toFixed(digits));
  if (by === 0) return <span className="change faint">±0</span>;
  const better = good && by > 0 === (good === "up");
  const tone = good ? (better ? "better" : "worse") : undefined;
  const n = new Intl.NumberFormat(i18n.language, { maximumFractionDigits: digits }).format(Math.abs(by));
  return (
    <span className="change figures" data-tone={tone}>
      {by > 0 ? "+" : "−"}
      {n}
    </span>
  );
}

// Beside writes the figure of the live version next to that of a candidate.
export function Beside({ live }: { live: number }) {
  const { t, i18n } = useTranslation();
  return <span className="faint figures">{t("figure.live", { n: count(live, i18n.language) })}</span>;
}

// Charts of a few dozen days, drawn as SVG: a library would be fifty times their size.
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { count } from "./format";
import { useSize } from "./size";

export interface Series {
  id: string;
  label: string;
  colour: string; // a CSS colour, such as var(--accent)
  values: number[]; // one per day
  wide?: boolean; // a line to be seen beneath another
}

interface Props {
  days: string[]; // YYYY-MM-DD, oldest first
  series: Series[];
  shape: "stack" | "lines";
  height?: number;
}

const LEFT = 40;
const BOTTOM = 18;
const TOP = 8;

// DayChart draws stacked bars or lines, a day each, and tells the figures of the day under the pointer.
export function DayChart({ days, series, shape, height = 160 }: Props) {
  const { i18n } = useTranslation();
  const box = useRef<HTMLDivElement>(null);
  const { width } = useSize(box);
  const [at, setAt] = useState<number>();
  const sums = days
    .map((_, i) => series.map((s) => s.values[i] ?? 0))
    .map((all) => (shape === "stack" ? sum(all) : Math.max(...all)));
  const top = nice(Math.max(1, ...sums));
  const plot = { w: Math.max(width - LEFT - 4, 0), h: height - TOP - BOTTOM };
  const step = plot.w / Math.max(days.length, 1);
  const y = (v: number) => TOP + plot.h * (1 - v / top);
  const every = Math.ceil(days.length / Math.max(plot.w / 56, 1));
  return (
    <div ref={box} className="day-chart">
      {width > 0 && (
        <svg
          width={width}
          height={height}
          aria-hidden="true"
          onMouseMove={(e) => {
            const i = Math.floor((e.nativeEvent.offsetX - LEFT) / step);
            setAt(i >= 0 && i < days.length ? i : undefined);
          }}
          onMouseLeave={() => setAt(undefined)}
        >
          {[0, 0.5, 1].map((part) => (
            <g key={part}>
              <line x1={LEFT} x2={width} y1={y(top * part)} y2={y(top * part)} className="day-chart-line" />
              <text x={LEFT - 6} y={y(top * part) + 4} textAnchor="end">
                {count(top * part, i18n.language)}
              </text>
            </g>
          ))}
          {at !== undefined && (
            <rect x={LEFT + at * step} y={TOP} width={step} height={plot.h} className="day-chart-at" />
          )}
          {shape === "stack" ? (
            <Bars series={series} days={days} step={step} y={y} />
          ) : (
            series.map((s) => (
              <polyline
                key={s.id}
                fill="none"
                style={{ stroke: s.colour }}
                strokeWidth={s.wide ? 5 : 1.75}
                points={s.values.map((v, i) => `${LEFT + (i + 0.5) * step},${y(v)}`).join(" ")}
              />
            ))
          )}
          {days.map((day, i) =>
            i % every === 0 ? (
              <text key={day} x={LEFT + (i + 0.5) * step} y={height - 4} textAnchor="middle">
                {day.slice(5)}
              </text>
            ) : null,
          )}
        </svg>
      )}
      <Legend series={series} day={at === undefined ? undefined : days[at]} at={at} />
    </div>
  );
}

function Bars({ series, days, step, y }: { series: Series[]; days: string[]; step: number; y: (v: number) => number }) {
  const wide = Math.min(Math.max(step * 0.68, 2), 34);
  return (
    <>
      {days.map((day, i) => {
        let below = 0;
        return series.map((s) => {
          const v = s.values[i] ?? 0;
          const bar = { y: y(below + v), h: y(below) - y(below + v) };
          below += v;
          if (v === 0) return null;
          return (
            <rect
              key={`${day} ${s.id}`}
              x={LEFT + i * step + (step - wide) / 2}
              y={bar.y}
              width={wide}
              height={Math.max(bar.h, 1)}
              style={{ fill: s.colour }}
            />
          );
        });
      })}
    </>
  );
}

// Legend names the series; over a day it gives that day's figures, else nothing moves.
function Legend({ series, day, at }: { series: Series[]; day?: string; at?: number }) {
  const { i18n } = useTranslation();
  return (
    <p className="day-chart-legend">
      {series.map((s) => (
        <span key={s.id}>
          <i style={{ background: s.colour }} />
          {s.label}
          {at !== undefined && <b className="figures">{count(s.values[at] ?? 0, i18n.language)}</b>}
        </span>
      ))}
      {day && <span className="figures day-chart-day">{day}</span>}
    </p>
  );
}

const sum = (all: number[]) => all.reduce((a, b) => a + b, 0);

// nice is the next round number whose half is round, too.
export function nice(max: number): number {
  const scale = 10 ** Math.floor(Math.log10(max));
  const step = [1, 2, 4, 6, 8, 10].find((n) => n * scale >= max) ?? 10;
  return Math.max(step * scale, 2);
}

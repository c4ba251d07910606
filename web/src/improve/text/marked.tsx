import { Tooltip } from "antd";
import type { ReactNode } from "react";
import { type Mark, pieces } from "./spans";

export type Tone = "term" | "weak" | "contact" | "clause" | "slot" | "intent";

export interface Note {
  tone: Tone;
  title: ReactNode; // what is said of the place
}

// The tones that show where several things are said of one place, the strongest first.
const ORDER: readonly Tone[] = ["clause", "term", "contact", "weak", "slot", "intent"];

// Marked shows a text with what is said of its places; a touch or the pointer on one tells what.
export function Marked({ text, marks }: { text: string; marks: readonly Mark<Note>[] }) {
  let at = 0;
  return (
    <div className="marked">
      {pieces(text, marks).map((piece) => {
        const key = at;
        at += piece.text.length;
        if (piece.marks.length === 0) return <span key={key}>{piece.text}</span>;
        const tone = ORDER.find((t) => piece.marks.some((m) => m.tone === t)) ?? "intent";
        const titles = piece.marks.filter((m) => m.title);
        const mark = (
          <mark data-tone={tone} tabIndex={titles.length > 0 ? 0 : undefined}>
            {piece.text}
          </mark>
        );
        if (titles.length === 0) return <span key={key}>{mark}</span>;
        return (
          <Tooltip
            key={key}
            trigger={["hover", "focus", "click"]}
            title={titles.map((note, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: the list never changes
              <div key={i}>{note.title}</div>
            ))}
          >
            {mark}
          </Tooltip>
        );
      })}
    </div>
  );
}

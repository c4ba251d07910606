import { Tooltip } from "antd";
import { useTranslation } from "react-i18next";
import { useWord } from "../shell/word";
import type { Ruleset } from "./vocabulary";

// ScoreScale places the score among the thresholds of the ruleset that decided.
export function ScoreScale({ score, thresholds = [] }: { score: number; thresholds?: Ruleset["thresholds"] }) {
  const { t } = useTranslation("prevent");
  const word = useWord();
  const marks = [...thresholds].sort((a, b) => a.score - b.score);
  const end = Math.max(score, marks.at(-1)?.score ?? 0, 1) * 1.12;
  const place = (value: number) => `${(Math.max(value, 0) / end) * 100}%`;
  return (
    <div className="scale">
      <Tooltip title={t("score.hint")}>
        <span className="scale-score">
          <b className="figures">{score}</b> {t("score.unit")}
        </span>
      </Tooltip>
      <div className="scale-line">
        <i className="scale-fill" style={{ width: place(score) }} />
        {marks.map((mark) => (
          <span
            key={mark.outcome}
            className={mark.score / end > 0.82 ? "scale-mark scale-mark-left" : "scale-mark"}
            style={{ left: place(mark.score) }}
          >
            <em className="figures">{mark.score}</em>
            {word("prevent:outcome", mark.outcome)}
          </span>
        ))}
      </div>
    </div>
  );
}

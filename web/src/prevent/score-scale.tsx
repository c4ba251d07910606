import { Tooltip } from "antd";
import { useTranslation } from "react-i18next";
import { useWord } from "../shell/word";
import type { Ruleset } from "./vocabulary";

// ScoreScale places the score among the thresholds of the ruleset that decided.
export function ScoreScale({ score, thresholds = {} }: { score: number; thresholds?: Ruleset["thresholds"] }) {
  const { t } = useTranslation("prevent");
  const word = useWord();
  const marks = Object.entries(thresholds)
    .map(([outcome, at]) => ({ outcome, at }))
    .sort((a, b) => a.at - b.at);
  const end = Math.max(score, marks.at(-1)?.at ?? 0, 1) * 1.04;
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
          <span key={mark.outcome} className="scale-mark" style={{ left: place(mark.at) }}>
            <em className="figures">{mark.at}</em>
            {word("prevent:outcome", mark.outcome)}
          </span>
        ))}
      </div>
    </div>
  );
}

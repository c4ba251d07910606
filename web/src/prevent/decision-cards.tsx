import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { clock } from "../shell/format";
import { inLanguage } from "../shell/i18n";
import { useWord } from "../shell/word";
import { TypologyChip } from "./chips";
import { OutcomeTag } from "./outcome";
import { SubjectLine } from "./subject";
import type { DecisionRow } from "./vocabulary";

interface Props {
  rows: DecisionRow[];
  more: boolean;
  loading: boolean;
  onOpen: (row: DecisionRow) => void;
  onMore: () => void;
}

// DecisionCards is the table on a phone.
export function DecisionCards({ rows, more, loading, onOpen, onMore }: Props) {
  const { t, i18n } = useTranslation("prevent");
  const word = useWord();
  return (
    <ul className="cards">
      {rows.map((row) => (
        <li key={row.id}>
          <button type="button" className="card" onClick={() => onOpen(row)}>
            <span className="card-line">
              <OutcomeTag outcome={row.outcome} fallback={row.fallback} />
              <b className="figures">{row.score}</b>
              <span className="card-end faint figures">{clock(row.decided_at)}</span>
            </span>
            <span className="card-line card-reason">
              <TypologyChip typology={row.reasons[0]?.typology} />
              {row.reasons[0] ? inLanguage(row.reasons[0].text, i18n.language) : t("reasons.none")}
            </span>
            <span className="card-line muted">
              <SubjectLine subject={row.subject} />
              <span className="card-end">{word("intake:kind", row.kind)}</span>
            </span>
          </button>
        </li>
      ))}
      {more && (
        <li className="cards-more">
          <Button onClick={onMore} loading={loading} block>
            {t("list.more")}
          </Button>
        </li>
      )}
    </ul>
  );
}

import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Button, Drawer, Skeleton } from "antd";
import { useTranslation } from "react-i18next";
import { clock, fullTime } from "../shell/format";
import { useNarrow } from "../shell/narrow";
import { ProblemView } from "../shell/problem";
import { useWord } from "../shell/word";
import { OutcomeTag } from "./outcome";
import { eventsBehind } from "./queries";
import { SubjectLine } from "./subject";
import { useMeaning } from "./value-table";
import type { DecisionDetail, Ruleset } from "./vocabulary";

interface Props {
  decision: DecisionDetail;
  ruleset?: Ruleset;
  value?: string;
  onClose: () => void;
}

// EventsDrawer shows the events behind one velocity value, beside the decision that read it.
export function EventsDrawer({ decision, ruleset, value, onClose }: Props) {
  const { t } = useTranslation("prevent");
  const narrow = useNarrow();
  const explain = useMeaning(decision.kind, ruleset);
  const read = [...decision.values, ...decision.reasons.flatMap((r) => r.values ?? [])].find((v) => v.name === value);
  return (
    <Drawer
      open={value !== undefined}
      onClose={onClose}
      placement={narrow ? "bottom" : "right"}
      size={narrow ? "82%" : 680}
      className="events-drawer"
      title={
        <>
          {t("events.title")}
          <small className="mono muted">
            {value} {read && <b className="figures">= {explain(read).text}</b>}
          </small>
        </>
      }
    >
      {read && <p className="muted">{explain(read).meaning}</p>}
      {value && <Events decision={decision} value={value} />}
    </Drawer>
  );
}

function Events({ decision, value }: { decision: DecisionDetail; value: string }) {
  const { t } = useTranslation("prevent");
  const word = useWord();
  const query = useInfiniteQuery(eventsBehind(decision.id, value));
  if (query.isPending) return <Skeleton active title={false} paragraph={{ rows: 6 }} />;
  if (query.isError) return <ProblemView error={query.error} retry={() => query.refetch()} />;
  const rows = query.data.pages.flatMap((page) => page.items);
  if (rows.length === 0) return <p className="muted">{t("events.none")}</p>;
  return (
    <>
      <table className="events">
        <thead>
          <tr>
            <th>{t("column.effectiveAt")}</th>
            <th>{t("column.event")}</th>
            <th>{t("column.subject")}</th>
            <th>{t("column.outcome")}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.id} className={row.id === decision.event_id ? "row-at" : undefined}>
              <td className="figures" title={fullTime(row.effective_at)}>
                {clock(row.effective_at)}
              </td>
              <td>
                <Link to="/events/$id" params={{ id: row.id }}>
                  {word("intake:kind", row.kind)}
                </Link>{" "}
                <span className="mono faint">{row.external_id}</span>
                {row.id === decision.event_id && <span className="chip">{t("events.this")}</span>}
              </td>
              <td>
                <SubjectLine subject={row.subject} />
              </td>
              <td>
                {row.outcome && row.decision_id ? (
                  <Link to="/decisions/$id" params={{ id: row.decision_id }} className="plain-link">
                    <OutcomeTag outcome={row.outcome} />
                  </Link>
                ) : (
                  <span className="faint">–</span>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {query.hasNextPage && (
        <Button block loading={query.isFetchingNextPage} onClick={() => query.fetchNextPage()}>
          {t("list.more")}
        </Button>
      )}
    </>
  );
}

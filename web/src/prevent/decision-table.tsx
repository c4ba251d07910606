import { Link } from "@tanstack/react-router";
import { type GetRef, Table, type TableColumnsType, Tooltip } from "antd";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { clock, fullTime } from "../shell/format";
import { inLanguage } from "../shell/i18n";
import { useSize } from "../shell/size";
import { useWord } from "../shell/word";
import { TypologyChip } from "./chips";
import { OutcomeTag } from "./outcome";
import { SubjectLine } from "./subject";
import type { DecisionRow } from "./vocabulary";

const ROW = 34; // px
const HEAD = 32;

interface Props {
  rows: DecisionRow[];
  at: number;
  onOpen: (row: DecisionRow) => void;
  onNearEnd: () => void;
}

// DecisionTable draws only the rows in view and asks for more before the end is reached.
export function DecisionTable({ rows, at, onOpen, onNearEnd }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const table = useRef<GetRef<typeof Table>>(null);
  const { width, height } = useSize(box);
  const columns = useColumns();
  useEffect(() => {
    if (at >= 0) table.current?.scrollTo({ index: at });
  }, [at]);

  return (
    <div ref={box} className="fill">
      {height > 0 && (
        <Table<DecisionRow>
          ref={table}
          virtual
          size="small"
          rowKey="id"
          columns={columns}
          dataSource={rows}
          pagination={false}
          scroll={{ x: Math.max(width, 900), y: height - HEAD }}
          rowClassName={(_, i) => (i === at ? "row row-at" : "row")}
          onRow={(row) => ({ onClick: () => onOpen(row) })}
          onScroll={({ currentTarget: { scrollTop, clientHeight } }) => {
            if (scrollTop + clientHeight > rows.length * ROW - 20 * ROW) onNearEnd();
          }}
        />
      )}
    </div>
  );
}

function useColumns(): TableColumnsType<DecisionRow> {
  const { t, i18n } = useTranslation("prevent");
  const word = useWord();
  return [
    {
      title: t("column.decidedAt"),
      width: 124,
      render: (_, row) => (
        <Tooltip title={<Times row={row} />} mouseEnterDelay={0.4}>
          <Link
            className="row-link figures"
            to="/decisions/$id"
            params={{ id: row.id }}
            onClick={(e) => (e.metaKey || e.ctrlKey ? e.stopPropagation() : e.preventDefault())}
          >
            {clock(row.decided_at)}
          </Link>
        </Tooltip>
      ),
    },
    {
      title: t("column.outcome"),
      width: 104,
      render: (_, row) => <OutcomeTag outcome={row.outcome} fallback={row.fallback} />,
    },
    { title: t("column.score"), width: 58, align: "right", className: "figures", dataIndex: "score" },
    {
      title: t("column.reasons"),
      ellipsis: true,
      render: (_, row) => {
        const [first, ...rest] = row.reasons;
        if (!first) return <span className="faint">{t("reasons.none")}</span>;
        return (
          <span className="reason-cell">
            <TypologyChip typology={first.typology} />
            <span className="cut">{inLanguage(first.text, i18n.language)}</span>
            {rest.length > 0 && <span className="faint figures">+{rest.length}</span>}
          </span>
        );
      },
    },
    {
      title: t("column.subject"),
      width: 190,
      ellipsis: true,
      render: (_, row) => <SubjectLine subject={row.subject} />,
    },
    {
      title: t("column.event"),
      width: 230,
      ellipsis: true,
      render: (_, row) => (
        <span className="event-cell">
          {word("intake:kind", row.kind)} <span className="mono faint">{row.external_id}</span>
        </span>
      ),
    },
  ];
}

function Times({ row }: { row: DecisionRow }) {
  const { t } = useTranslation("prevent");
  return (
    <>
      {t("column.decidedAt")} {fullTime(row.decided_at)}
      <br />
      {t("column.effectiveAt")} {fullTime(row.effective_at)}
    </>
  );
}

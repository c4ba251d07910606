import { useQuery } from "@tanstack/react-query";
import { Checkbox, Table, type TableColumnsType, Tooltip } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Change } from "../../shell/figure";
import { count, share } from "../../shell/format";
import { inLanguage } from "../../shell/i18n";
import { liveRuleset } from "./queries";
import type { Report, RuleReport } from "./vocabulary";

// ReportRules tells what each rule does: hits, those that only it gives, its precision and its company.
export function ReportRules({ report }: { report: Report }) {
  const { t } = useTranslation("rules");
  const [moved, setMoved] = useState(false);
  const columns = useColumns(report.cases !== undefined);
  const shown = report.rules.filter((r) => !moved || r.hits !== r.live_hits);
  return (
    <section className="panel">
      <h2>
        {t("report.rules")}
        <span className="panel-link">
          <Checkbox checked={moved} onChange={(e) => setMoved(e.target.checked)}>
            {t("report.rules.moved")}
          </Checkbox>
        </span>
      </h2>
      <Table<RuleReport>
        size="small"
        rowKey="rule"
        columns={columns}
        dataSource={shown}
        pagination={false}
        scroll={{ x: "max-content" }}
      />
    </section>
  );
}

function useColumns(labelled: boolean): TableColumnsType<RuleReport> {
  const { t, i18n } = useTranslation("rules");
  const titles = new Map(useQuery(liveRuleset).data?.rules.map((r) => [r.id, inLanguage(r.title, i18n.language)]));
  const n = (value: number) => count(value, i18n.language);
  const hint = (title: string, why: string) => <Tooltip title={why}>{title}</Tooltip>;
  const precision: TableColumnsType<RuleReport> = [
    {
      title: hint(t("report.precision"), t("report.precision.hint")),
      align: "right",
      width: 110,
      className: "figures",
      sorter: (a, b) => (a.precision ?? -1) - (b.precision ?? -1),
      render: (_, r) =>
        r.precision === undefined ? (
          <span className="faint">–</span>
        ) : (
          <span title={`${n(r.adverse)} / ${n(r.adverse + r.innocent)}`}>
            {share(r.adverse, r.adverse + r.innocent, i18n.language)}
          </span>
        ),
    },
  ];
  return [
    {
      title: t("column.rule"),
      sorter: (a, b) => a.rule.localeCompare(b.rule),
      render: (_, r) => (
        <span className="rule-cell">
          {titles.has(r.rule) && <span>{titles.get(r.rule)}</span>}
          <span className="mono faint">{r.rule}</span>
        </span>
      ),
    },
    {
      title: hint(t("report.hits"), t("report.hits.hint")),
      align: "right",
      width: 110,
      className: "figures",
      defaultSortOrder: "descend",
      sorter: (a, b) => a.hits - b.hits,
      render: (_, r) => (
        <>
          {n(r.hits)} {r.hits !== r.live_hits && <Change from={r.live_hits} to={r.hits} />}
        </>
      ),
    },
    {
      title: hint(t("report.unique"), t("report.unique.hint")),
      align: "right",
      width: 80,
      className: "figures",
      sorter: (a, b) => a.unique - b.unique,
      render: (_, r) => n(r.unique),
    },
    {
      title: t("report.people"),
      align: "right",
      width: 80,
      className: "figures",
      sorter: (a, b) => a.customers - b.customers,
      render: (_, r) => n(r.customers),
    },
    ...(labelled ? precision : []),
    {
      title: t("report.overlap"),
      render: (_, r) =>
        r.overlap.slice(0, 2).map((o) => (
          <span key={o.rule} className="overlap" title={titles.get(o.rule)}>
            <span className="mono">{o.rule}</span>{" "}
            <small className="muted figures">{share(o.events, r.hits, i18n.language)}</small>
          </span>
        )),
    },
    {
      title: t("report.unevaluable"),
      align: "right",
      width: 90,
      className: "figures muted",
      sorter: (a, b) => a.not_evaluable - b.not_evaluable,
      render: (_, r) => n(r.not_evaluable),
    },
  ];
}

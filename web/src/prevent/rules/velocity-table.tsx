import { Table } from "antd";
import { useTranslation } from "react-i18next";
import { useVelocityText } from "../velocity";
import type { Ruleset, Velocity } from "../vocabulary";

// VelocityTable lists what the ruleset counts over time, in words, and how many rules read it.
export function VelocityTable({ ruleset }: { ruleset: Ruleset }) {
  const { t } = useTranslation("rules");
  const describe = useVelocityText();
  const readers = ({ id }: Velocity) => ruleset.rules.filter((r) => new RegExp(`\\bvelocity\\.${id}\\b`).test(r.when));
  return (
    <Table<Velocity>
      size="small"
      rowKey="id"
      dataSource={ruleset.velocities}
      pagination={false}
      scroll={{ x: "max-content" }}
      columns={[
        { title: t("column.velocity"), render: (_, v) => <span className="mono">{v.id}</span> },
        {
          title: t("column.meaning"),
          render: (_, v) => (
            <span className="velocity-cell">
              {describe(v)}
              {v.where && <code className="faint">{v.where}</code>}
            </span>
          ),
        },
        {
          title: t("column.readers"),
          width: 220,
          render: (_, v) => (
            <span className="mono muted velocity-readers">
              {readers(v)
                .map((r) => r.id)
                .join(" ")}
            </span>
          ),
        },
      ]}
    />
  );
}

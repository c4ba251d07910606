import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Table } from "antd";
import { useTranslation } from "react-i18next";
import { useNameOf } from "../../shell/colleagues";
import { Loaded } from "../../shell/loaded";
import { When } from "../../shell/when";
import { versions } from "./queries";
import { StageTag } from "./stage-tag";
import type { Version } from "./vocabulary";

// VersionTable lists what was published, newest first. Nothing published is ever changed.
export function VersionTable() {
  const { t } = useTranslation("rules");
  const nameOf = useNameOf();
  return (
    <Loaded query={useQuery(versions)}>
      {({ items }) => (
        <Table<Version>
          size="small"
          rowKey={(v) => `${v.id}@${v.version}`}
          dataSource={items}
          pagination={items.length > 50 ? { pageSize: 50, showSizeChanger: false } : false}
          scroll={{ x: "max-content" }}
          columns={[
            {
              title: t("column.version"),
              render: (_, v) => (
                <Link to="/rules/$id/$version" params={{ id: v.id, version: String(v.version) }}>
                  {t("version", { id: v.id, version: v.version })}
                </Link>
              ),
            },
            { title: t("column.stage"), render: (_, v) => <StageTag stage={v.stage} percent={v.percent} /> },
            { title: t("column.author"), render: (_, v) => nameOf(v.author) },
            { title: t("column.created"), render: (_, v) => <When at={v.created_at} /> },
          ]}
        />
      )}
    </Loaded>
  );
}

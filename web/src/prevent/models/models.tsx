import { UploadOutlined } from "@ant-design/icons";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { App, Button, Skeleton, Table, Tooltip, Upload } from "antd";
import { useTranslation } from "react-i18next";
import { useNameOf } from "../../shell/colleagues";
import { count } from "../../shell/format";
import { Nothing } from "../../shell/loaded";
import { More } from "../../shell/more";
import { ProblemLine, ProblemView } from "../../shell/problem";
import { useMay } from "../../shell/session";
import { When } from "../../shell/when";
import { type ModelRow, models, scores, useAddModel } from "./queries";
import { Uses } from "./uses";
import "../prevent.css";
import "../rules/rules.css";

// Models lists the trained models, newest first, with how good each is and where it is used.
export function Models() {
  const { t } = useTranslation("models");
  const query = useInfiniteQuery(models);
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <div className="page">
      <div className="page-head">
        <h1>{t("title")}</h1>
        <p className="muted">{t("hint")}</p>
        <AddModel />
      </div>
      <section className="panel">
        {query.isPending && <Skeleton className="panel-pad" active />}
        {query.isError && <ProblemView error={query.error} retry={() => query.refetch()} />}
        {query.isSuccess && items.length === 0 && <Nothing title={t("none")} hint={t("none.hint")} />}
        {items.length > 0 && <ModelTable items={items} />}
        <More query={query} />
      </section>
    </div>
  );
}

function AddModel() {
  const { t } = useTranslation("models");
  const { message } = App.useApp();
  const may = useMay("models:write");
  const add = useAddModel();
  if (!may) return null;
  async function send(file: Blob) {
    try {
      const { version } = await add.mutateAsync(file);
      message.success(t("added", { version: brief(version) }));
    } catch {
      // shown beside the button
    }
  }
  return (
    <span className="page-action votes">
      <ProblemLine error={add.error} />
      <Upload
        accept=".zip"
        showUploadList={false}
        beforeUpload={(file) => {
          send(file);
          return false;
        }}
      >
        <Tooltip title={t("add.hint")}>
          <Button icon={<UploadOutlined />} loading={add.isPending}>
            {t("add")}
          </Button>
        </Tooltip>
      </Upload>
    </span>
  );
}

// brief is the beginning of a version, by which people tell models apart.
export const brief = (version: string) => version.replace(/^mdl_/, "").slice(0, 8);

function ModelTable({ items }: { items: ModelRow[] }) {
  const { t, i18n } = useTranslation("models");
  const nameOf = useNameOf();
  const figure = (key: "auc" | "ks" | "ap") => ({
    title: <Tooltip title={t(`${key}.hint`)}>{t(key)}</Tooltip>,
    align: "right" as const,
    className: "figures",
    sorter: (a: ModelRow, b: ModelRow) => a.metrics[key] - b.metrics[key],
    render: (_: unknown, m: ModelRow) => m.metrics[key].toFixed(3),
  });
  return (
    <Table<ModelRow>
      size="small"
      rowKey="version"
      dataSource={items}
      pagination={false}
      scroll={{ x: "max-content" }}
      columns={[
        {
          title: t("column.model"),
          render: (_, m) => (
            <Link to="/models/$version" params={{ version: m.version }} className="rule-cell">
              <span>{m.note || m.target}</span>
              <span className="mono faint">{brief(m.version)}</span>
            </Link>
          ),
        },
        { title: t("column.used"), render: (_, m) => <UsedIn version={m.version} /> },
        { title: t("column.target"), render: (_, m) => <span className="mono">{m.target}</span> },
        {
          title: t("column.rows"),
          align: "right",
          className: "figures",
          render: (_, m) => `${count(m.rows, i18n.language)} / ${count(m.positives, i18n.language)}`,
        },
        figure("auc"),
        figure("ks"),
        figure("ap"),
        { title: t("column.trained"), render: (_, m) => <When at={m.trained_at} /> },
        { title: t("column.author"), render: (_, m) => nameOf(m.author) },
      ]}
    />
  );
}

function UsedIn({ version }: { version: string }) {
  const { data } = useQuery(scores(version));
  return data ? <Uses uses={data.uses} /> : null;
}

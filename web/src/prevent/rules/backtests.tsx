import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Button, Progress, Table } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNameOf } from "../../shell/colleagues";
import { Loaded, Nothing } from "../../shell/loaded";
import { When } from "../../shell/when";
import { BacktestForm } from "./backtest-form";
import { backtests } from "./queries";
import { backtestsRoute } from "./routes";
import type { Backtest } from "./vocabulary";
import "../prevent.css";
import "./rules.css";

// Backtests lists the latest and starts new ones.
export function Backtests() {
  const { t } = useTranslation("rules");
  const { of } = backtestsRoute.useSearch();
  const navigate = backtestsRoute.useNavigate();
  const [asking, setAsking] = useState(of !== undefined);
  const start = (
    <Button type="primary" onClick={() => setAsking(true)}>
      {t("backtests.new")}
    </Button>
  );
  return (
    <div className="page">
      <div className="page-head">
        <h1>{t("backtests.title")}</h1>
        <p className="muted">{t("backtests.hint")}</p>
        <span className="page-action">{start}</span>
      </div>
      <section className="panel">
        <Loaded query={useQuery(backtests)}>
          {({ items }) =>
            items.length === 0 ? (
              <Nothing title={t("backtests.none")} hint={t("backtests.none.hint")}>
                {start}
              </Nothing>
            ) : (
              <BacktestTable items={items} />
            )
          }
        </Loaded>
      </section>
      {asking && (
        <BacktestForm
          of={of}
          onClose={() => setAsking(false)}
          onStarted={(id) => navigate({ to: "/backtests/$id", params: { id } })}
        />
      )}
    </div>
  );
}

export function BacktestTable({ items }: { items: Backtest[] }) {
  const { t } = useTranslation("rules");
  const nameOf = useNameOf();
  return (
    <Table<Backtest>
      size="small"
      rowKey="id"
      dataSource={items}
      pagination={false}
      scroll={{ x: "max-content" }}
      columns={[
        {
          title: t("backtests.of"),
          render: (_, b) => (
            <Link to="/backtests/$id" params={{ id: b.id }}>
              <BacktestName of={b.ruleset} />
            </Link>
          ),
        },
        {
          title: t("backtests.state"),
          width: 180,
          render: (_, b) =>
            b.state === "running" ? (
              <Progress size="small" percent={Math.round(b.progress * 100)} />
            ) : (
              <span className="job-state" data-state={b.state}>
                {t(`state.${b.state}`)}
              </span>
            ),
        },
        {
          render: (_, b) => (b.labelled ? <span className="chip chip-plain">{t("backtests.labelled")}</span> : null),
        },
        { title: t("backtests.by"), render: (_, b) => nameOf(b.by) },
        { title: t("backtests.at"), render: (_, b) => <When at={b.created_at} /> },
      ]}
    />
  );
}

// BacktestName names what is judged: a draft or a published version.
export function BacktestName({ of: { id, version } }: { of: Backtest["ruleset"] }) {
  const { t } = useTranslation("rules");
  return <>{version > 0 ? t("version", { id, version }) : t("backtests.draft", { id })}</>;
}

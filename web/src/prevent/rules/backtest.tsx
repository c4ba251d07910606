import { LeftOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Button, Progress } from "antd";
import { useTranslation } from "react-i18next";
import { Problem } from "../../api/client";
import { useNameOf } from "../../shell/colleagues";
import { Loaded, Nothing } from "../../shell/loaded";
import { When } from "../../shell/when";
import { BacktestName } from "./backtests";
import { backtest, useCancelBacktest } from "./queries";
import { ReportView } from "./report";
import { backtestRoute } from "./routes";
import type { Backtest } from "./vocabulary";
import "../prevent.css";
import "./rules.css";

// BacktestPage shows one backtest: its progress, then its report.
export function BacktestPage() {
  const { t } = useTranslation("rules");
  const { id } = backtestRoute.useParams();
  const query = useQuery(backtest(id));
  const nameOf = useNameOf();
  const gone = query.error instanceof Problem && query.error.status === 404;
  return (
    <div className="page">
      <div className="trail">
        <Link to="/backtests">
          <Button type="text" size="small" icon={<LeftOutlined />}>
            {t("backtests.title")}
          </Button>
        </Link>
      </div>
      {gone ? (
        <Nothing title={t("backtest.failed")} hint={t("backtest.gone")} />
      ) : (
        <Loaded query={query}>
          {(job) => (
            <>
              <div className="page-head">
                <h1>
                  <BacktestName of={job.ruleset} />
                </h1>
                <p className="muted">
                  {nameOf(job.by)} · <When at={job.created_at} />
                </p>
              </div>
              <BacktestProgress job={job} />
              {job.report && <ReportView report={job.report} />}
            </>
          )}
        </Loaded>
      )}
    </div>
  );
}

// BacktestProgress is how far a backtest is, or why it ended without a report.
export function BacktestProgress({ job }: { job: Backtest }) {
  const { t } = useTranslation("rules");
  const cancel = useCancelBacktest();
  if (job.state === "done") return null;
  return (
    <div className="panel panel-pad job" data-state={job.state}>
      {job.state === "running" ? (
        <>
          <span>{t("backtest.progress")}</span>
          <Progress percent={Math.round(job.progress * 100)} />
          <Button loading={cancel.isPending} onClick={() => cancel.mutate(job.id)}>
            {t("backtest.cancel")}
          </Button>
        </>
      ) : (
        <>
          <strong>{t(job.state === "cancelled" ? "state.cancelled" : "backtest.failed")}</strong>
          {job.error && <span className="muted">{job.error.detail}</span>}
        </>
      )}
    </div>
  );
}

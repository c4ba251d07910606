import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { Loaded } from "../../shell/loaded";
import { BacktestProgress } from "./backtest";
import { OutcomeMatrix } from "./outcome-matrix";
import { backtest } from "./queries";
import { Verdict } from "./report";

interface Props {
  id?: string; // of the backtest that was started here
  stale: boolean; // the text was changed since
  ready: boolean;
  onStart: () => void;
}

// EditorBacktest shows beside a draft how it would have done.
export function EditorBacktest({ id, stale, ready, onStart }: Props) {
  const { t } = useTranslation("rules");
  return (
    <div className="editor-backtest">
      <Button type={id ? "default" : "primary"} disabled={!ready} onClick={onStart}>
        {t(id ? "backtest.again" : "editor.backtest")}
      </Button>
      {!id && <p className="muted">{t("backtests.hint")}</p>}
      {id && (
        <>
          {stale && (
            <p className="callout" data-tone="warn">
              {t("backtest.stale")}
            </p>
          )}
          <Result id={id} />
        </>
      )}
    </div>
  );
}

function Result({ id }: { id: string }) {
  const { t } = useTranslation("rules");
  return (
    <Loaded query={useQuery(backtest(id))}>
      {(job) => (
        <>
          <BacktestProgress job={job} />
          {job.report && (
            <>
              <Verdict report={job.report} />
              <OutcomeMatrix pairs={job.report.outcomes} />
              <p className="panel-pad">
                <Link to="/backtests/$id" params={{ id }}>
                  {t("backtest.full")} →
                </Link>
              </p>
            </>
          )}
        </>
      )}
    </Loaded>
  );
}

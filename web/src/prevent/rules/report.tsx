import { useTranslation } from "react-i18next";
import { DayChart } from "../../shell/day-chart";
import { Beside, Change, Figure } from "../../shell/figure";
import { count, share } from "../../shell/format";
import { OutcomeMatrix } from "./outcome-matrix";
import { ReportGroups } from "./report-groups";
import { ReportRules } from "./report-rules";
import type { Report } from "./vocabulary";

// ReportView is what a backtest found: whom the version catches, misses and hurts, beside the live one.
export function ReportView({ report }: { report: Report }) {
  const { t, i18n } = useTranslation("rules");
  const n = (value: number) => count(value, i18n.language);
  return (
    <div className="report">
      <p className="report-scope muted">
        {t("report.title", { candidate: report.candidate.replace(/@0$/, ""), live: report.live })} ·{" "}
        {t("report.scope", {
          events: n(report.events),
          customers: n(report.customers),
          days: n(report.days),
          seconds: report.seconds.toFixed(1),
        })}
        {report.erased > 0 && ` · ${t("report.erased", { n: n(report.erased) })}`}
      </p>
      <Verdict report={report} />
      <div className="report-columns">
        <section className="panel">
          <h2>{t("report.days")}</h2>
          <div className="panel-pad">
            <DayChart
              shape="lines"
              days={report.by_day.map((d) => d.day)}
              series={[
                {
                  id: "live",
                  label: t("report.live"),
                  colour: "var(--line-strong)",
                  wide: true,
                  values: report.by_day.map((d) => d.alerts.live),
                },
                {
                  id: "candidate",
                  label: t("report.candidate"),
                  colour: "var(--accent)",
                  values: report.by_day.map((d) => d.alerts.candidate),
                },
              ]}
            />
          </div>
        </section>
        <section className="panel">
          <h2>
            {t("report.outcomes")} <small className="muted">{t("report.outcomes.hint")}</small>
          </h2>
          <OutcomeMatrix pairs={report.outcomes} />
        </section>
      </div>
      {report.cases && <ReportGroups cases={report.cases} />}
      <ReportRules report={report} />
    </div>
  );
}

// Verdict is the report in a line of figures.
export function Verdict({ report }: { report: Report }) {
  const { t, i18n } = useTranslation("rules");
  const n = (value: number) => count(value, i18n.language);
  const { cases, alerts_per_day: perDay } = report;
  const pair = (key: "alerted" | "stopped", good?: "up" | "down") => {
    const { candidate, live } = report[key === "alerted" ? "customers_alerted" : "customers_stopped"];
    return (
      <Figure
        label={t(`report.${key}`)}
        hint={key === "stopped" ? t("report.stopped.hint") : undefined}
        note={<Change from={live} to={candidate} good={good} />}
      >
        {n(candidate)}
      </Figure>
    );
  };
  return (
    <>
      <dl className="figures-row verdict">
        {cases &&
          (["caught", "missed", "hurt"] as const).map((key) => (
            <Figure
              key={key}
              label={t(`report.${key}`)}
              hint={t(`report.${key}.hint`)}
              tone={key === "hurt" && cases.hurt.candidate > 0 ? "act" : undefined}
              note={
                <>
                  <Change from={cases[key].live} to={cases[key].candidate} good={key === "caught" ? "up" : "down"} />{" "}
                  <Beside live={cases[key].live} />
                </>
              }
            >
              {n(cases[key].candidate)}
            </Figure>
          ))}
        <Figure
          label={t("report.alertsPerDay")}
          hint={t("report.alertsPerDay.hint")}
          note={<Change from={perDay.live} to={perDay.candidate} digits={1} />}
        >
          {perDay.candidate.toFixed(1)}
        </Figure>
        {pair("alerted")}
        {pair("stopped")}
        <Figure
          label={t("report.hardship")}
          hint={t("report.hardship.hint")}
          tone={report.hardship_stopped.candidate > 0 ? "act" : "hardship"}
          note={<Change from={report.hardship_stopped.live} to={report.hardship_stopped.candidate} good="down" />}
        >
          {n(report.hardship_stopped.candidate)}
        </Figure>
        <Figure label={t("report.newly")}>{n(report.customers_newly_alerted)}</Figure>
        <Figure label={t("report.relieved")}>{n(report.customers_no_longer_alerted)}</Figure>
        {report.recorded.map((r) => (
          <Figure key={r.version} label={t("report.recorded")} hint={`${r.version}: ${t("report.recorded.hint")}`}>
            {share(r.identical, r.decisions, i18n.language)}
          </Figure>
        ))}
      </dl>
      {!cases && (
        <p className="callout" data-tone="plain">
          {t("report.unlabelled")}
        </p>
      )}
    </>
  );
}

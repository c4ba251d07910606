import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Checkbox, Segmented } from "antd";
import { useTranslation } from "react-i18next";
import { DayChart } from "../../shell/day-chart";
import { Figure } from "../../shell/figure";
import { count } from "../../shell/format";
import { inLanguage } from "../../shell/i18n";
import { useShortcuts } from "../../shell/keys";
import { Loaded } from "../../shell/loaded";
import { useMay } from "../../shell/session";
import { useWord } from "../../shell/word";
import { EmptyStream } from "../empty-stream";
import { versions } from "../rules/queries";
import { Bar } from "../rules/rule-browser";
import { StageTag } from "../rules/stage-tag";
import { OUTCOMES, TYPOLOGIES } from "../vocabulary";
import { type Overview, overview } from "./queries";
import { overviewRoute, PERIODS } from "./routes";
import "../prevent.css";
import "../rules/rules.css";

// OverviewPage is what a person looks at first: today, what waits, and how the last days went.
export function OverviewPage() {
  const { t } = useTranslation("overview");
  const { days = "14" } = overviewRoute.useSearch();
  const navigate = overviewRoute.useNavigate();
  const query = useQuery(overview(Number(days)));
  useShortcuts({ r: () => query.refetch() });
  return (
    <div className="page">
      <div className="page-head">
        <h1>{t("title")}</h1>
        <Segmented
          className="page-action"
          value={days}
          onChange={(value) => navigate({ search: (now) => ({ ...now, days: value }), replace: true })}
          options={PERIODS.map((value) => ({ value, label: t("days", { n: value }) }))}
        />
      </div>
      <Loaded query={query}>{(data) => <Shown data={data} />}</Loaded>
    </div>
  );
}

function Shown({ data }: { data: Overview }) {
  const none = data.days.every((d) => d.decisions === 0);
  return (
    <>
      <Today data={data} />
      {none ? (
        <section className="panel">
          <EmptyStream filtered={false} onClear={() => undefined} />
        </section>
      ) : (
        <>
          <Outcomes data={data} />
          <div className="overview-columns">
            <TopRules data={data} />
            <div>
              <Typologies data={data} />
              <Versions />
            </div>
          </div>
        </>
      )}
    </>
  );
}

const PASSIVE = ["pass", "review"];

function Today({ data }: { data: Overview }) {
  const { t, i18n } = useTranslation("overview");
  const n = (value: number) => count(value, i18n.language);
  const days = data.days.length;
  const [yesterday, today] = [data.days.at(-2), data.days.at(-1)];
  const intervened = (day?: Overview["days"][number]) =>
    day?.by_outcome.filter((o) => !PASSIVE.includes(o.name)).reduce((sum, o) => sum + o.n, 0) ?? 0;
  return (
    <dl className="figures-row today">
      <Figure
        label={t("today")}
        hint={t("today.hint")}
        note={yesterday && t("today.yesterday", { n: n(yesterday.decisions) })}
      >
        <Link to="/decisions">{n(today?.decisions ?? 0)}</Link>
      </Figure>
      <Figure
        label={t("intervened")}
        hint={t("intervened.hint")}
        note={yesterday && t("today.yesterday", { n: n(intervened(yesterday)) })}
      >
        {n(intervened(today))}
      </Figure>
      <Figure label={t("holds")} hint={t("holds.hint")} tone={data.holds_waiting > 0 ? "act" : undefined}>
        <Link to="/holds">{n(data.holds_waiting)}</Link>
      </Figure>
      <Figure label={t("approvals")} hint={t("approvals.hint")} tone={data.approvals_pending > 0 ? "act" : undefined}>
        <Link to="/approvals">{n(data.approvals_pending)}</Link>
      </Figure>
      <Figure label={t("spared")} hint={t("spared.hint", { days })} tone="hardship">
        {n(data.hardship.spared)}
      </Figure>
      <Figure label={t("hurt")} hint={t("hurt.hint", { days })} tone={data.hardship.stopped > 0 ? "act" : "hardship"}>
        {n(data.hardship.stopped)}
      </Figure>
    </dl>
  );
}

function Outcomes({ data }: { data: Overview }) {
  const { t } = useTranslation("overview");
  const word = useWord();
  const { pass } = overviewRoute.useSearch();
  const navigate = overviewRoute.useNavigate();
  const shown = OUTCOMES.filter((o) => pass === "1" || o !== "pass");
  return (
    <section className="panel">
      <h2>
        {t("chart")}
        <Checkbox
          className="panel-link"
          checked={pass === "1"}
          onChange={(e) =>
            navigate({ search: (now) => ({ ...now, pass: e.target.checked ? "1" : undefined }), replace: true })
          }
        >
          {t("chart.all")}
        </Checkbox>
      </h2>
      <div className="panel-pad">
        <DayChart
          shape="stack"
          height={190}
          days={data.days.map((d) => d.day)}
          series={shown.map((o) => ({
            id: o,
            label: word("prevent:outcome", o),
            colour: `var(--outcome-${o})`,
            values: data.days.map((d) => d.by_outcome.find((c) => c.name === o)?.n ?? 0),
          }))}
        />
      </div>
    </section>
  );
}

function TopRules({ data }: { data: Overview }) {
  const { t, i18n } = useTranslation("overview");
  const top = data.rules.slice(0, 12);
  const most = Math.max(1, ...top.map((r) => r.n));
  return (
    <section className="panel">
      <h2>
        {t("rules")}
        <Link className="panel-link" to="/rules">
          {t("rules.all")}
        </Link>
      </h2>
      {top.length === 0 ? (
        <p className="muted panel-pad">{t("rules.none")}</p>
      ) : (
        <ul className="ranked">
          {top.map((r) => (
            <li key={r.rule} data-polarity={r.polarity}>
              <Link to="/decisions" search={{ rule: r.rule }} className="plain-link cut">
                {inLanguage(r.title, i18n.language) || r.rule}
              </Link>
              <span className="mono faint">{r.rule}</span>
              <Bar n={r.n} most={most} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Typologies({ data }: { data: Overview }) {
  const { t } = useTranslation("overview");
  const word = useWord();
  const of = new Map(data.by_typology.map((c) => [c.name, c.n]));
  const most = Math.max(1, ...of.values());
  return (
    <section className="panel">
      <h2>{t("typologies")}</h2>
      <ul className="ranked">
        {TYPOLOGIES.map((typology) => (
          <li key={typology}>
            <Link to="/decisions" search={{ typology }} className="plain-link">
              <span className="mono faint">{typology}</span> {word("prevent:typology", typology)}
            </Link>
            <Bar n={of.get(typology) ?? 0} most={most} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Versions() {
  const { t } = useTranslation("overview");
  const { t: rules } = useTranslation("rules");
  const may = useMay("rulesets:read");
  const { data } = useQuery({ ...versions, enabled: may });
  const shown = data?.items.filter((v) => v.stage !== "draft") ?? [];
  if (shown.length === 0) return null;
  return (
    <section className="panel">
      <h2>{t("versions")}</h2>
      <ul className="ranked">
        {shown.map((v) => (
          <li key={`${v.id}@${v.version}`}>
            <Link to="/rules/$id/$version" params={{ id: v.id, version: String(v.version) }}>
              {rules("version", { id: v.id, version: v.version })}
            </Link>
            <StageTag stage={v.stage} percent={v.percent} />
          </li>
        ))}
      </ul>
    </section>
  );
}

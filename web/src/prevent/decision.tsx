import { useQuery } from "@tanstack/react-query";
import { useRouterState } from "@tanstack/react-router";
import { Skeleton } from "antd";
import { useTranslation } from "react-i18next";
import { EventFacts } from "../intake/event-facts";
import { clock, count, fullTime, milliseconds } from "../shell/format";
import { inLanguage } from "../shell/i18n";
import { useShortcuts } from "../shell/keys";
import { ProblemView } from "../shell/problem";
import { useWord } from "../shell/word";
import { DecisionNavigation, useNeighbours } from "./decision-navigation";
import { EventsDrawer } from "./events-drawer";
import { HoldRelease } from "./hold-release";
import { NotEvaluable } from "./not-evaluable";
import { OutcomeTag } from "./outcome";
import { decision, ruleset } from "./queries";
import { ReasonList } from "./reason-list";
import { decisionRoute } from "./routes";
import { ScoreScale } from "./score-scale";
import { SubjectLine } from "./subject";
import { ValueTable } from "./value-table";
import type { DecisionDetail, Ruleset } from "./vocabulary";
import "./prevent.css";

// Decision explains one decision: the reasons, the rule behind each, the values it read, and the events behind those.
export function Decision() {
  const { id } = decisionRoute.useParams();
  const { data, isPending, error, refetch } = useQuery(decision(id));
  const rules = useQuery({ ...ruleset(data?.ruleset.id ?? "", data?.ruleset.version ?? 0), enabled: Boolean(data) });
  const neighbours = useNeighbours(id);
  useShortcuts({ j: neighbours.next, k: neighbours.previous, u: neighbours.back });

  return (
    <div className="page">
      <DecisionNavigation {...neighbours} />
      {isPending && <Skeleton className="panel panel-pad" active paragraph={{ rows: 10 }} />}
      {!isPending && !data && <ProblemView error={error} retry={() => refetch()} />}
      {data && <Explained key={id} decision={data} ruleset={rules.data} problem={rules.error} />}
    </div>
  );
}

interface ExplainedProps {
  decision: DecisionDetail;
  ruleset?: Ruleset;
  problem?: unknown; // why there is no ruleset
}

function Explained({ decision, ruleset, problem }: ExplainedProps) {
  const { t, i18n } = useTranslation("prevent");
  const { reason, value } = decisionRoute.useSearch();
  const navigate = decisionRoute.useNavigate();
  const identifier = useRouterState({ select: (s) => s.location.state.identifier });
  const show = (part: { reason?: string; value?: string }) =>
    navigate({ search: (now) => ({ ...now, ...part }), state: { identifier }, replace: true });

  return (
    <>
      <DecisionHead decision={decision} ruleset={ruleset} />
      <div className="columns">
        <div>
          <section className="panel">
            <h2>
              {t("reasons.title")}{" "}
              <span className="faint figures">{count(decision.reasons.length, i18n.language)}</span>
            </h2>
            <ReasonList
              kind={decision.kind}
              reasons={decision.reasons}
              ruleset={ruleset}
              problem={problem}
              opened={reason}
              onOpen={(rule) => show({ reason: rule })}
              onValue={(name) => show({ value: name })}
            />
          </section>
          <NotEvaluable kind={decision.kind} items={decision.not_evaluable} ruleset={ruleset} />
          <details className="panel fold">
            <summary>
              {t("values.all")} <span className="faint figures">{count(decision.values.length, i18n.language)}</span>
            </summary>
            <ValueTable
              kind={decision.kind}
              values={decision.values}
              ruleset={ruleset}
              onValue={(name) => show({ value: name })}
            />
          </details>
          <Trace decision={decision} ruleset={ruleset} />
        </div>
        <aside>
          <EventFacts event={decision.event} link />
        </aside>
      </div>
      <EventsDrawer decision={decision} ruleset={ruleset} value={value} onClose={() => show({ value: undefined })} />
    </>
  );
}

function DecisionHead({ decision, ruleset }: { decision: DecisionDetail; ruleset?: Ruleset }) {
  const word = useWord();
  return (
    <section className="panel decision-head">
      <div className="decision-verdict">
        <OutcomeTag
          large
          outcome={decision.outcome}
          fallback={decision.fallback}
          released={Boolean(decision.released)}
        />
        <h1>
          {word("intake:kind", decision.kind)}
          <span className="mono faint">{decision.external_id}</span>
        </h1>
        <p className="decision-who">
          <SubjectLine subject={decision.subject} />
          <span className="faint figures" title={fullTime(decision.decided_at)}>
            {clock(decision.decided_at)}
          </span>
        </p>
      </div>
      <ScoreScale score={decision.score} thresholds={ruleset?.thresholds} />
      <HoldRelease decision={decision} />
    </section>
  );
}

function Trace({ decision, ruleset }: { decision: DecisionDetail; ruleset?: Ruleset }) {
  const { t, i18n } = useTranslation("prevent");
  return (
    <section className="panel">
      <h2>{t("trace.title")}</h2>
      <dl className="facts">
        <dt>{t("trace.decision")}</dt>
        <dd className="mono">{decision.id}</dd>
        <dt>{t("trace.seq")}</dt>
        <dd className="figures">{count(decision.seq, i18n.language)}</dd>
        <dt>{t("trace.decidedAt")}</dt>
        <dd className="figures">{fullTime(decision.decided_at)}</dd>
        <dt title={t("trace.latency.hint")}>{t("trace.latency")}</dt>
        <dd className="figures">{milliseconds(decision.latency_us)} ms</dd>
        <dt>{t("trace.ruleset")}</dt>
        <dd>
          {ruleset && <>{inLanguage(ruleset.title, i18n.language)} </>}
          <span className="mono faint">
            {decision.ruleset.id} v{decision.ruleset.version}
          </span>
        </dd>
        <dt title={t("trace.digest.hint")}>{t("trace.digest")}</dt>
        <dd className="mono cut" title={decision.digest}>
          {decision.digest}
        </dd>
      </dl>
    </section>
  );
}

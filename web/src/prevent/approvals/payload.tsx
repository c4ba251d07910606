import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { inLanguage } from "../../shell/i18n";
import { Loaded } from "../../shell/loaded";
import { useMay } from "../../shell/session";
import { Until, When } from "../../shell/when";
import { useWord } from "../../shell/word";
import { approvalImpact, Impact } from "../lists/impact";
import { ruleset } from "../queries";
import { DiffView } from "../rules/diff-view";
import { liveRuleset, versionDiff } from "../rules/queries";
import { StageTag } from "../rules/stage-tag";
import type { Approval, StageAsked } from "../rules/vocabulary";

// What the three kinds of request carry, as the server writes them.
type StagePayload = StageAsked & { id: string; version: number };
interface ListPayload {
  list: string;
  add?: { id: string; kind?: string; match: string; value: string; expires_at?: string; reason: string }[];
  remove?: string[];
}
interface SnoozePayload {
  rule: string;
  kind?: string;
  entity?: string;
  expires_at: string;
}

// ApprovalPayload shows what takes effect when the request is agreed to.
export function ApprovalPayload({ approval: a }: { approval: Approval }) {
  if (a.kind === "ruleset.stage") return <StageChange approval={a} payload={a.payload as StagePayload} />;
  if (a.kind === "list.change") return <ListChange approval={a} payload={a.payload as ListPayload} />;
  if (a.kind === "rule.snooze") return <SnoozeChange payload={a.payload as SnoozePayload} />;
  return (
    <section className="panel panel-pad">
      <pre className="diff-code">{JSON.stringify(a.payload, null, 2)}</pre>
    </section>
  );
}

function StageChange({ approval: a, payload: c }: { approval: Approval; payload: StagePayload }) {
  const { t } = useTranslation("approvals");
  const { t: rules } = useTranslation("rules");
  const maySee = useMay("rulesets:read");
  const live = useQuery({ ...liveRuleset, enabled: maySee }).data;
  const of = { id: c.id, version: c.version };
  const to = useQuery({ ...ruleset(c.id, c.version), enabled: maySee }).data;
  const from = live && { id: live.id, version: live.version };
  const diff = useQuery({ ...versionDiff(of, from ?? { id: "", version: 0 }), enabled: Boolean(from) });
  return (
    <>
      <section className="panel">
        <dl className="facts">
          <dt>{t("stage.what", { subject: rules("version", of) })}</dt>
          <dd>
            {c.stage === "off" ? rules("stage.ask.off") : <StageTag stage={c.stage} percent={c.percent} />}{" "}
            <Link to="/rules/$id/$version" params={{ id: c.id, version: String(c.version) }}>
              {t("stage.open")}
            </Link>
          </dd>
        </dl>
      </section>
      {maySee && (
        <section className="panel">
          <h2>{t(a.state === "pending" ? "stage.diff" : "stage.diff.closed")}</h2>
          <Loaded query={diff}>{(data) => <DiffView diff={data} from={live} to={to} />}</Loaded>
        </section>
      )}
    </>
  );
}

function ListChange({ approval, payload: c }: { approval: Approval; payload: ListPayload }) {
  const { t } = useTranslation("approvals");
  const word = useWord();
  const impact = useQuery(approvalImpact(approval.id));
  return (
    <>
      <section className="panel">
        <h2>{t("impact.title")}</h2>
        <Loaded query={impact}>{(preview) => <Impact preview={preview} />}</Loaded>
      </section>
      <section className="panel">
        <h2>
          {c.add?.length ? t("list.add", { n: c.add.length }) : ""}{" "}
          {c.remove?.length ? t("list.remove", { n: c.remove.length }) : ""}
          <Link className="panel-link" to="/lists/$list" params={{ list: c.list }}>
            {c.list}
          </Link>
        </h2>
        <div className="table-box">
          <table className="grid">
            <thead>
              <tr>
                <th>{t("list.value")}</th>
                <th>{t("list.expires")}</th>
                <th>{t("list.why")}</th>
              </tr>
            </thead>
            <tbody>
              {c.add?.map((e) => (
                <tr key={e.id} data-sort="added">
                  <td>
                    {e.kind ? word("intake:entity", e.kind) : ""}{" "}
                    <span className="mono" title={e.value}>
                      {e.kind && e.match === "exact"
                        ? t("list.value.sealed", { key: `${e.value.slice(0, 8)}…` })
                        : e.value}
                    </span>
                  </td>
                  <td>{e.expires_at ? <When at={e.expires_at} /> : t("list.forever")}</td>
                  <td>{e.reason}</td>
                </tr>
              ))}
              {c.remove?.map((id) => (
                <tr key={id} data-sort="removed">
                  <td className="mono">{id}</td>
                  <td>–</td>
                  <td>{approval.reason}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </section>
    </>
  );
}

function SnoozeChange({ payload: c }: { payload: SnoozePayload }) {
  const { t, i18n } = useTranslation("approvals");
  const word = useWord();
  const maySee = useMay("rulesets:read");
  const rule = useQuery({ ...liveRuleset, enabled: maySee }).data?.rules.find((r) => r.id === c.rule);
  return (
    <section className="panel">
      <dl className="facts">
        <dt>{t("snooze.what")}</dt>
        <dd>
          {rule && inLanguage(rule.title, i18n.language)}{" "}
          <Link to="/rules" search={{ rule: c.rule }} className="mono">
            {c.rule}
          </Link>
        </dd>
        <dt>{t("snooze.about")}</dt>
        <dd>
          {c.kind ? (
            <>
              {word("intake:entity", c.kind)} <span className="mono faint">{c.entity?.slice(0, 8)}…</span>
            </>
          ) : (
            t("snooze.everybody")
          )}
        </dd>
        <dt>{t("snooze.until")}</dt>
        <dd>
          <When at={c.expires_at} /> (<Until at={c.expires_at} />)
        </dd>
      </dl>
      {rule && <pre className="expression expression-inset">{rule.when.trim()}</pre>}
    </section>
  );
}

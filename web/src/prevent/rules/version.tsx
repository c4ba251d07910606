import { EditOutlined, LeftOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Button, Select, Skeleton, Tabs } from "antd";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNameOf } from "../../shell/colleagues";
import { inLanguage } from "../../shell/i18n";
import { Loaded, Nothing } from "../../shell/loaded";
import { When } from "../../shell/when";
import { ruleset } from "../queries";
import type { Ruleset } from "../vocabulary";
import { BacktestForm } from "./backtest-form";
import { BacktestTable } from "./backtests";
import { DiffView } from "./diff-view";
import { OutcomeMatrix } from "./outcome-matrix";
import { backtests, liveRuleset, shadow, versionDiff, versions } from "./queries";
import { refOf, VERSION_TABS, versionRoute } from "./routes";
import { SignOffs } from "./sign-offs";
import { StageActions } from "./stage-actions";
import { StageTag } from "./stage-tag";
import type { Version } from "./vocabulary";
import "../prevent.css";
import "./rules.css";

const CodeEditor = lazy(() => import("./code-editor"));

// VersionPage shows one published version: what it changes, how it would do, who signed, and where it stands.
export function VersionPage() {
  const { id, version } = versionRoute.useParams();
  const query = useQuery(ruleset(id, Number(version)));
  const all = useQuery(versions);
  const known = all.data?.items.find((v) => v.id === id && v.version === Number(version));
  return (
    <div className="page">
      {<Loaded query={query}>{(data) => <Published ruleset={data} version={known} />}</Loaded>}
    </div>
  );
}

function Published({ ruleset, version }: { ruleset: Ruleset; version?: Version }) {
  const { t, i18n } = useTranslation("rules");
  const nameOf = useNameOf();
  const { view = "changes" } = versionRoute.useSearch();
  const navigate = versionRoute.useNavigate();
  const name = `${ruleset.id}@${ruleset.version}`;
  const tabs = VERSION_TABS.filter((tab) => tab !== "rules");
  return (
    <>
      <div className="trail">
        <Link to="/rules" search={{ view: "versions" }}>
          <Button type="text" size="small" icon={<LeftOutlined />}>
            {t("version.back")}
          </Button>
        </Link>
      </div>
      <section className="panel version-head">
        <div>
          <h1>
            {t("version", { id: ruleset.id, version: ruleset.version })}{" "}
            {version && <StageTag stage={version.stage} percent={version.percent} />}
          </h1>
          <p className="muted">
            {inLanguage(ruleset.title, i18n.language)} · {t("version.by", { by: nameOf(ruleset.author) })} ·{" "}
            <When at={ruleset.created_at} />
          </p>
        </div>
        <div className="version-actions">
          <Link to="/rules/edit" search={{ from: name }}>
            <Button icon={<EditOutlined />}>{t("version.edit")}</Button>
          </Link>
          {version && <StageActions version={version} />}
        </div>
      </section>
      <SignOffs subject={name} />
      <section className="panel">
        <Tabs
          className="panel-tabs"
          activeKey={view}
          onChange={(key) => navigate({ search: { view: VERSION_TABS.find((tab) => tab === key) }, replace: true })}
          items={tabs.map((key) => ({ key, label: t(`version.${key}`) }))}
        />
        {view === "changes" && <Changes ruleset={ruleset} />}
        {view === "backtest" && <VersionBacktests of={name} />}
        {view === "shadow" && <Shadow id={ruleset.id} version={ruleset.version} />}
        {view === "text" && (
          <Suspense fallback={<Skeleton className="panel-pad" active />}>
            <div className="version-text">
              <CodeEditor readOnly text={ruleset.text} label={t("editor.label")} marks={NONE} />
            </div>
          </Suspense>
        )}
      </section>
    </>
  );
}

const NONE: never[] = [];

// Changes compares with the live version or, for the live one, with the version published before it.
function Changes({ ruleset: to }: { ruleset: Ruleset }) {
  const { t } = useTranslation("rules");
  const { from } = versionRoute.useSearch();
  const navigate = versionRoute.useNavigate();
  const live = useQuery(liveRuleset).data;
  const all = useQuery(versions).data?.items ?? [];
  const others = all.filter((v) => v.id !== to.id || v.version !== to.version);
  const before = others.find((v) => v.id === to.id && v.version < to.version);
  const base = refOf(from) ?? (live && (live.version !== to.version || live.id !== to.id) ? live : before);
  const of = base && { id: base.id, version: base.version };
  const diff = useQuery({
    ...versionDiff({ id: to.id, version: to.version }, of ?? { id: "", version: 0 }),
    enabled: Boolean(of),
  });
  const old = useQuery({ ...ruleset(of?.id ?? "", of?.version ?? 0), enabled: Boolean(of) });
  if (!of) return <p className="muted panel-pad">{t("diff.first")}</p>;
  return (
    <>
      <p className="filter-bar">
        <span className="muted">{t("diff.against")}</span>
        <Select
          value={`${of.id}@${of.version}`}
          popupMatchSelectWidth={false}
          onChange={(value) => navigate({ search: (now) => ({ ...now, from: value }), replace: true })}
          options={others.map((v) => ({
            value: `${v.id}@${v.version}`,
            label: `${t("version", { id: v.id, version: v.version })} · ${t(`stage.${v.stage}`)}`,
          }))}
        />
      </p>
      <Loaded query={diff}>{(data) => <DiffView diff={data} from={old.data} to={to} />}</Loaded>
    </>
  );
}

function VersionBacktests({ of }: { of: string }) {
  const { t } = useTranslation("rules");
  const navigate = versionRoute.useNavigate();
  const [asking, setAsking] = useState(false);
  const start = (
    <Button type="primary" onClick={() => setAsking(true)}>
      {t("backtests.new")}
    </Button>
  );
  return (
    <Loaded query={useQuery(backtests)}>
      {({ items }) => {
        const own = items.filter((b) => `${b.ruleset.id}@${b.ruleset.version}` === of);
        return (
          <>
            {own.length > 0 ? (
              <>
                <p className="filter-bar">{start}</p>
                <BacktestTable items={own} />
              </>
            ) : (
              <Nothing title={t("backtests.none")} hint={t("backtests.hint")}>
                {start}
              </Nothing>
            )}
            {asking && (
              <BacktestForm
                of={of}
                onClose={() => setAsking(false)}
                onStarted={(id) => navigate({ to: "/backtests/$id", params: { id } })}
              />
            )}
          </>
        );
      }}
    </Loaded>
  );
}

function Shadow({ id, version }: { id: string; version: number }) {
  const { t } = useTranslation("rules");
  return (
    <Loaded query={useQuery(shadow(id, version))}>
      {({ decisions, outcomes }) =>
        decisions === 0 ? (
          <Nothing title={t("shadow.none")} hint={t("shadow.none.hint")} />
        ) : (
          <>
            <p className="muted panel-pad">{t("shadow.hint", { n: decisions })}</p>
            <OutcomeMatrix pairs={outcomes} />
          </>
        )
      }
    </Loaded>
  );
}

import { EditOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Button, type InputRef, Tabs } from "antd";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import { useNameOf } from "../../shell/colleagues";
import { count } from "../../shell/format";
import { useShortcuts } from "../../shell/keys";
import { Loaded } from "../../shell/loaded";
import { When } from "../../shell/when";
import { liveRuleset, versions } from "./queries";
import { RULE_TABS, rulesRoute } from "./routes";
import { RuleBrowser } from "./rule-browser";
import { StageTag } from "./stage-tag";
import { VelocityTable } from "./velocity-table";
import { VersionTable } from "./version-table";
import "../prevent.css";
import "./rules.css";

// Rules shows what decides now: the versions on their stages, and every rule of the live one.
export function Rules() {
  const { t, i18n } = useTranslation("rules");
  const { view = "rules" } = rulesRoute.useSearch();
  const navigate = rulesRoute.useNavigate();
  const live = useQuery(liveRuleset);
  const searchBox = useRef<InputRef>(null);
  useShortcuts({ "/": () => searchBox.current?.focus({ cursor: "all" }), e: () => navigate({ to: "/rules/edit" }) });
  const n = { rules: live.data?.rules.length, velocities: live.data?.velocities.length, versions: undefined };
  return (
    <div className="page">
      <div className="page-head">
        <h1>{t("title")}</h1>
        <Link to="/rules/edit" className="page-action">
          <Button type="primary" icon={<EditOutlined />}>
            {t("edit")}
          </Button>
        </Link>
      </div>
      <Deployed />
      <section className="panel">
        <Tabs
          className="panel-tabs"
          activeKey={view}
          onChange={(key) => navigate({ search: { view: RULE_TABS.find((tab) => tab === key) }, replace: true })}
          items={RULE_TABS.map((tab) => ({
            key: tab,
            label: (
              <>
                {t(`tab.${tab}`)} <span className="faint figures">{n[tab] && count(n[tab], i18n.language)}</span>
              </>
            ),
          }))}
        />
        <Loaded query={live}>
          {(ruleset) => (
            <>
              {view === "rules" && <RuleBrowser ruleset={ruleset} searchBox={searchBox} />}
              {view === "velocities" && <VelocityTable ruleset={ruleset} />}
              {view === "versions" && <VersionTable />}
            </>
          )}
        </Loaded>
      </section>
    </div>
  );
}

// Deployed shows the versions that do something: live, rolled out, in shadow.
function Deployed() {
  const { t } = useTranslation("rules");
  const nameOf = useNameOf();
  const { data } = useQuery(versions);
  const order = ["live", "rollout", "shadow"] as const;
  const shown = order.flatMap((stage) => data?.items.filter((v) => v.stage === stage) ?? []);
  if (!data) return null;
  return (
    <ul className="deployed">
      {shown.map((v) => (
        <li key={`${v.id}@${v.version}`} className="panel">
          <Link to="/rules/$id/$version" params={{ id: v.id, version: String(v.version) }}>
            <StageTag stage={v.stage} percent={v.percent} />
            <strong>{t("version", { id: v.id, version: v.version })}</strong>
            <small className="muted">
              {nameOf(v.author)} · <When at={v.created_at} />
            </small>
          </Link>
        </li>
      ))}
    </ul>
  );
}

import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useRouterState } from "@tanstack/react-router";
import { Button, type InputRef } from "antd";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { count } from "../shell/format";
import { useShortcuts } from "../shell/keys";
import { useArrivals } from "../shell/stream";
import { DecisionList } from "./decision-list";
import { EmptyStream } from "./empty-stream";
import { FilterBar } from "./filter-bar";
import { type DecisionFilters, lookUp } from "./filters";
import { OutcomeTabs } from "./outcome-tabs";
import { decisionKeys, decisionList } from "./queries";
import { decisionsRoute } from "./routes";
import { SummaryStrip } from "./summary";
import "./prevent.css";

// Decisions is the stream of decisions, newest first. The address is the view.
export function Decisions() {
  const { t } = useTranslation("prevent");
  const search = decisionsRoute.useSearch();
  const identifier = useRouterState({ select: (s) => s.location.state.identifier });
  const filters: DecisionFilters = identifier ? { ...search, q: identifier } : search;
  const navigate = decisionsRoute.useNavigate();
  const query = useInfiniteQuery(decisionList(filters));
  const searchBox = useRef<InputRef>(null);
  const refresh = useRefresh();

  const change = (part: DecisionFilters) =>
    navigate({ search: (now) => ({ ...now, ...part }), state: { identifier }, replace: true });
  const find = (q: string) => {
    const place = lookUp(q);
    navigate({ search: (now) => ({ ...now, q: undefined, ...place.search }), state: place.state });
  };
  const clear = () => navigate({ search: {} });
  useShortcuts({ "/": () => searchBox.current?.focus({ cursor: "all" }), r: refresh.now });

  return (
    <div className="page page-fill">
      <div className="page-head">
        <h1>{t("decisions.title")}</h1>
        <NewItems n={refresh.arrived} onClick={refresh.now} />
        <SummaryStrip filters={filters} onRule={(rule) => change({ rule })} />
      </div>
      <div className="panel panel-fill">
        <OutcomeTabs filters={filters} onChange={(outcome) => change({ outcome })} />
        <FilterBar filters={filters} onChange={change} onSearch={find} onClear={clear} searchRef={searchBox} />
        <DecisionList
          query={query}
          empty={<EmptyStream filtered={Object.keys(filters).length > 0} onClear={clear} />}
          onOpen={({ id }) => navigate({ to: "/decisions/$id", params: { id }, search, state: { identifier } })}
        />
      </div>
    </div>
  );
}

function NewItems({ n, onClick }: { n: number; onClick: () => void }) {
  const { t, i18n } = useTranslation("prevent");
  if (n === 0) return null;
  return (
    <Button className="new-items" size="small" shape="round" type="primary" onClick={onClick}>
      {t("decisions.new", { n: count(n, i18n.language) })}
    </Button>
  );
}

// useRefresh reads the first page and the figures again on demand. The figures also follow the stream, at a calm pace.
function useRefresh() {
  const client = useQueryClient();
  const { n, reset } = useArrivals("decision.made");
  const now = () => {
    reset();
    client.resetQueries({ queryKey: decisionKeys.list });
    client.invalidateQueries({ queryKey: decisionKeys.summary });
  };
  const fresh = n > 0;
  useEffect(() => {
    if (!fresh) return;
    const timer = window.setInterval(() => client.invalidateQueries({ queryKey: decisionKeys.summary }), 5000);
    return () => window.clearInterval(timer);
  }, [fresh, client]);
  return { arrived: n, now };
}

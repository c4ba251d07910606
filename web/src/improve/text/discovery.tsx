import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { App, Button, Drawer, Segmented, Skeleton, Table } from "antd";
import { useTranslation } from "react-i18next";
import { TypologyChip } from "../../prevent/chips";
import { count } from "../../shell/format";
import { Nothing } from "../../shell/loaded";
import { More } from "../../shell/more";
import { ProblemLine, ProblemView } from "../../shell/problem";
import { useSession } from "../../shell/session";
import { When } from "../../shell/when";
import { useWord } from "../../shell/word";
import { CandidateDetail } from "./candidate-detail";
import { type Candidate, candidates, runs, startDiscovery, useChange } from "./queries";
import { CANDIDATE_STATES, discoveryRoute } from "./routes";
import "../../prevent/prevent.css";
import "../../prevent/rules/rules.css";
import "./text.css";

// Discovery is the analyst's queue of what is new in the texts: words, disguises of known terms, growing templates.
export function Discovery() {
  const { t } = useTranslation("text");
  const { state = "new", candidate: open } = discoveryRoute.useSearch();
  const navigate = discoveryRoute.useNavigate();
  const query = useInfiniteQuery(candidates(state));
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  const show = (id?: string) => navigate({ search: (now) => ({ ...now, candidate: id }) });
  return (
    <div className="page">
      <div className="page-head">
        <h1>{t("discovery.title")}</h1>
        <p className="muted">{t("discovery.hint")}</p>
        <Run />
      </div>
      <section className="panel">
        <div className="filter-bar">
          <Segmented
            value={state}
            onChange={(value) => navigate({ search: { state: value === "new" ? undefined : value }, replace: true })}
            options={CANDIDATE_STATES.map((value) => ({ value, label: t(`candidate.state.${value}`) }))}
          />
        </div>
        {query.isPending && <Skeleton className="panel-pad" active />}
        {query.isError && <ProblemView error={query.error} retry={() => query.refetch()} />}
        {query.isSuccess && items.length === 0 && (
          <Nothing title={t("discovery.none")} hint={t("discovery.none.hint")} />
        )}
        {items.length > 0 && <Queue items={items} onOpen={show} />}
        <More query={query} />
      </section>
      <Drawer
        open={open !== undefined}
        size="min(720px, 100%)"
        title={t("candidate.title")}
        onClose={() => show()}
        destroyOnHidden
      >
        {open && <CandidateDetail id={open} onDone={() => show()} />}
      </Drawer>
    </div>
  );
}

function Queue({ items, onOpen }: { items: Candidate[]; onOpen: (id: string) => void }) {
  const { t, i18n } = useTranslation("text");
  const word = useWord();
  return (
    <Table<Candidate>
      size="middle"
      rowKey="id"
      dataSource={items}
      pagination={false}
      scroll={{ x: "max-content" }}
      rowClassName="row-link"
      onRow={(c) => ({ onClick: () => onOpen(c.id) })}
      columns={[
        {
          title: t("candidate.word"),
          render: (_, c) => (
            <button type="button" className="text-link candidate-word" onClick={() => onOpen(c.id)}>
              {c.word || t("candidate.template")}
            </button>
          ),
        },
        {
          title: t("candidate.kind"),
          render: (_, c) => (
            <span>
              {word("text:finding", c.kind)}
              {c.term_text && <span className="faint"> ← {c.term_text}</span>}
            </span>
          ),
        },
        { title: t("author"), render: (_, c) => word("text:author", c.author) },
        { title: t("candidate.writers"), align: "right", render: (_, c) => count(c.writers, i18n.language) },
        {
          title: t("candidate.recent"),
          align: "right",
          render: (_, c) => `${count(c.recent, i18n.language)} / ${count(c.reference, i18n.language)}`,
        },
        { title: t("candidate.suspicious"), align: "right", render: (_, c) => count(c.suspicious, i18n.language) },
        { title: t("typology"), render: (_, c) => <TypologyChip typology={c.typology} /> },
        { title: t("candidate.lastSeen"), render: (_, c) => <When at={c.last_seen} /> },
      ]}
    />
  );
}

// Run says when the record was last read, and lets it be read now.
function Run() {
  const { t } = useTranslation("text");
  const { message } = App.useApp();
  const may = useSession().data?.permissions.includes("intel:write");
  const { data } = useQuery(runs);
  const start = useChange(startDiscovery);
  const last = data?.items[0];
  const running = last?.state === "running";
  async function run() {
    try {
      await start.mutateAsync(undefined);
      message.info(t("discovery.started"));
    } catch {
      // shown beside the button
    }
  }
  return (
    <div className="page-action">
      {last && (
        <span className="muted">
          {t(`discovery.run.${last.state}`, { texts: last.texts, found: last.found })}{" "}
          <When at={last.finished_at ?? last.created_at} />
        </span>
      )}
      {may && (
        <Button loading={running || start.isPending} onClick={run}>
          {t("discovery.start")}
        </Button>
      )}
      <ProblemLine error={start.error} />
    </div>
  );
}

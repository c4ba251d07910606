import { LeftOutlined } from "@ant-design/icons";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Button, Skeleton, Tabs } from "antd";
import { useTranslation } from "react-i18next";
import { useNameOf } from "../../shell/colleagues";
import { useShortcuts } from "../../shell/keys";
import { Loaded, Nothing } from "../../shell/loaded";
import { More } from "../../shell/more";
import { useNarrow } from "../../shell/narrow";
import { ProblemView } from "../../shell/problem";
import { Until, When } from "../../shell/when";
import { useWord } from "../../shell/word";
import type { Approval } from "../rules/vocabulary";
import { ApprovalPayload } from "./payload";
import { approval, approvals, STATES } from "./queries";
import { approvalsRoute } from "./routes";
import { VoteButtons } from "./vote-buttons";
import "../prevent.css";
import "../rules/rules.css";

// Approvals is the inbox of what takes a second person: the requests on the left, what one would change on the right.
export function Approvals() {
  const { t } = useTranslation("approvals");
  const narrow = useNarrow();
  const { state = "pending", id } = approvalsRoute.useSearch();
  const navigate = approvalsRoute.useNavigate();
  const query = useInfiniteQuery(approvals(state));
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  const chosen = id ?? (narrow ? undefined : items[0]?.id);
  const at = items.findIndex((a) => a.id === chosen);
  const choose = (id?: string) => navigate({ search: (now) => ({ ...now, id }), replace: true });
  const move = (step: number) => choose(items[Math.min(Math.max(at + step, 0), items.length - 1)]?.id);
  useShortcuts({ j: () => move(1), k: () => move(-1), r: () => query.refetch() });

  const list = (
    <div className="panel inbox-list">
      <Tabs
        className="panel-tabs"
        activeKey={state}
        onChange={(key) => navigate({ search: { state: STATES.find((s) => s === key) }, replace: true })}
        items={STATES.map((key) => ({ key, label: t(`state.${key}`) }))}
      />
      {query.isPending && <Skeleton className="panel-pad" active />}
      {query.isError && <ProblemView error={query.error} retry={() => query.refetch()} />}
      {query.isSuccess && items.length === 0 && (
        <Nothing
          title={t(state === "pending" ? "empty.pending" : "empty.closed")}
          hint={state === "pending" ? t("empty.pending.hint") : undefined}
        />
      )}
      <ol>
        {items.map((a) => (
          <li key={a.id}>
            <Request approval={a} chosen={a.id === chosen} onClick={() => choose(a.id)} />
          </li>
        ))}
      </ol>
      <More query={query} />
    </div>
  );
  return (
    <div className="page">
      <div className="page-head">
        <h1>{t("title")}</h1>
        <p className="muted">{t("hint")}</p>
        <small className="faint page-action inbox-keys">{t("keys")}</small>
      </div>
      <div className="inbox">
        {(!narrow || !chosen) && list}
        {chosen && <Opened key={chosen} id={chosen} onBack={narrow ? () => choose(undefined) : undefined} />}
        {!chosen && !narrow && items.length > 0 && <p className="muted panel-pad">{t("choose")}</p>}
      </div>
    </div>
  );
}

function Request({ approval: a, chosen, onClick }: { approval: Approval; chosen: boolean; onClick: () => void }) {
  const word = useWord();
  const nameOf = useNameOf();
  return (
    <button type="button" className="request" aria-current={chosen} onClick={onClick}>
      <span className="request-kind">
        {word("approvals:kind", a.kind)} <span className="mono">{a.subject}</span>
      </span>
      <span className="cut">{a.reason}</span>
      <small className="muted">
        {nameOf(a.requester)} · <When at={a.created_at} />
      </small>
    </button>
  );
}

function Opened({ id, onBack }: { id: string; onBack?: () => void }) {
  const { t } = useTranslation("approvals");
  const query = useQuery(approval(id));
  return (
    <div>
      {onBack && (
        <Button type="text" icon={<LeftOutlined />} onClick={onBack}>
          {t("title")}
        </Button>
      )}
      <Loaded query={query}>{(a) => <Detail approval={a} />}</Loaded>
    </div>
  );
}

function Detail({ approval: a }: { approval: Approval }) {
  const { t } = useTranslation("approvals");
  const word = useWord();
  const nameOf = useNameOf();
  return (
    <>
      <section className="panel approval-head">
        <div>
          <h1>
            {word("approvals:kind", a.kind)} <span className="mono">{a.subject}</span>{" "}
            <span className="approval-state" data-state={a.state}>
              {t(`state.${a.state}`)}
            </span>
          </h1>
          <p className="approval-reason">{a.reason}</p>
          <p className="muted">
            {t("asked.by", { by: nameOf(a.requester) })} · <When at={a.created_at} />
            {a.maker && a.maker !== a.requester && ` · ${t("made.by", { by: nameOf(a.maker) })}`}
            {a.state === "pending" && (
              <>
                {" "}
                · {t("expires")} <Until at={a.expires_at} />
              </>
            )}
          </p>
          {a.votes.map((v) => (
            <p key={v.voter} className="approval-vote">
              {t(v.approve ? "vote.agreed" : "vote.refused", { by: nameOf(v.voter) })} · <When at={v.at} />
              {v.comment && <span className="muted"> {v.comment}</span>}
            </p>
          ))}
        </div>
        <VoteButtons approval={a} keys />
      </section>
      <ApprovalPayload approval={a} />
    </>
  );
}

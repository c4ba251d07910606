import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { App, Button, Skeleton } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNameOf } from "../../shell/colleagues";
import { count } from "../../shell/format";
import { Loaded, Nothing } from "../../shell/loaded";
import { More } from "../../shell/more";
import { ProblemView } from "../../shell/problem";
import { ReasonDialog } from "../../shell/reason-dialog";
import { When } from "../../shell/when";
import { Impact } from "./impact";
import { type Action, actionImpact, actions, useReverse } from "./queries";

// History lists the changes of a list as wholes; each can be taken back as a whole.
export function History({ list, may }: { list: string; may: boolean }) {
  const { t, i18n } = useTranslation("lists");
  const nameOf = useNameOf();
  const query = useInfiniteQuery(actions(list));
  const [chosen, setChosen] = useState<Action>();
  if (query.isPending) return <Skeleton className="panel-pad" active />;
  if (query.isError) return <ProblemView error={query.error} retry={() => query.refetch()} />;
  const items = query.data.pages.flatMap((page) => page.items);
  if (items.length === 0) return <Nothing title={t("history.none")} />;
  const n = (value: number) => count(value, i18n.language);
  return (
    <>
      <ol className="sign-offs">
        {items.map((a) => (
          <li key={a.action}>
            <span className="history-what">
              {a.added > 0 && <ins>{t("history.added", { n: n(a.added) })}</ins>}{" "}
              {a.removed > 0 && <del>{t("history.removed", { n: n(a.removed) })}</del>}
            </span>
            <span>
              {a.reason || <span className="faint">–</span>}
              <br />
              <small className="muted">
                {nameOf(a.by)} · <When at={a.at} />
              </small>
            </span>
            {may && a.left > 0 && (
              <span className="votes">
                <small className="faint">{t("history.left", { n: n(a.left) })}</small>
                <Button size="small" onClick={() => setChosen(a)}>
                  {t("history.reverse")}
                </Button>
              </span>
            )}
          </li>
        ))}
      </ol>
      <More query={query} />
      {chosen && <Reversal list={list} action={chosen} onClose={() => setChosen(undefined)} />}
    </>
  );
}

function Reversal({ list, action, onClose }: { list: string; action: Action; onClose: () => void }) {
  const { t } = useTranslation("lists");
  const { message } = App.useApp();
  const reverse = useReverse(list);
  const impact = useQuery(actionImpact(list, action.action));
  async function run(reason: string) {
    try {
      const { removed, restored } = await reverse.mutateAsync({ action: action.action, reason });
      message.success(t("history.reversed", { removed, restored }));
      onClose();
    } catch {
      // shown in the dialog
    }
  }
  return (
    <ReasonDialog
      title={t("history.reverse.title")}
      hint={t("history.reverse.hint")}
      ok={t("history.reverse")}
      wait={reverse.isPending}
      error={reverse.error}
      onDone={run}
      onClose={onClose}
    >
      <Loaded query={impact}>{(preview) => <Impact preview={preview} />}</Loaded>
    </ReasonDialog>
  );
}

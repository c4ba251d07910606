import { App, Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useMe } from "../../shell/colleagues";
import { useShortcuts } from "../../shell/keys";
import { ReasonDialog } from "../../shell/reason-dialog";
import { useMay } from "../../shell/session";
import type { Approval } from "../rules/vocabulary";
import { useVote } from "./queries";

type Way = "agree" | "refuse" | "withdraw";

// VoteButtons lets a second person sign or refuse, and the requester take the request back. The server decides again.
export function VoteButtons({ approval, keys }: { approval: Approval; keys?: boolean }) {
  const { t } = useTranslation("approvals");
  const { message } = App.useApp();
  const me = useMe();
  const may = useMay(approval.needs ?? "");
  const vote = useVote(approval.id);
  const [way, setWay] = useState<Way>();
  const own = approval.requester === me;
  const made = own || approval.maker === me;
  const open = approval.state === "pending" && may && !made;
  useShortcuts(keys && open ? { a: () => setWay("agree"), x: () => setWay("refuse") } : {});
  if (approval.state !== "pending") return null;

  async function run(comment: string) {
    try {
      await vote.mutateAsync({ agree: way === "agree", comment });
      message.success(t(way === "agree" ? "done.agreed" : way === "refuse" ? "done.refused" : "done.withdrawn"));
      setWay(undefined);
    } catch {
      // shown in the dialog
    }
  }

  return (
    <span className="votes">
      {made && <small className="muted">{t("own")}</small>}
      {!made && !may && <small className="muted">{t("mayNot")}</small>}
      {open && (
        <>
          <Button onClick={() => setWay("refuse")}>{t("refuse")}</Button>
          <Button type="primary" onClick={() => setWay("agree")}>
            {t("agree")}
          </Button>
        </>
      )}
      {own && <Button onClick={() => setWay("withdraw")}>{t("withdraw")}</Button>}
      {way && (
        <ReasonDialog
          optional={way !== "refuse"}
          title={t(`${way}.title`)}
          hint={t(`${way}.hint`)}
          ok={t(way)}
          wait={vote.isPending}
          error={vote.error}
          onDone={run}
          onClose={() => setWay(undefined)}
        />
      )}
    </span>
  );
}

import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useNameOf } from "../../shell/colleagues";
import { When } from "../../shell/when";
import { stageApprovals } from "../approvals/queries";
import { VoteButtons } from "../approvals/vote-buttons";
import type { Approval, StageAsked } from "./vocabulary";

// SignOffs shows who asked for a version to be deployed and who signed; a pending request can be signed here.
export function SignOffs({ subject }: { subject: string }) {
  const { t } = useTranslation("rules");
  const { data } = useQuery(stageApprovals);
  const own = data?.items.filter((a) => a.subject === subject) ?? [];
  if (own.length === 0) return null;
  return (
    <section className="panel">
      <h2>{t("version.history")}</h2>
      <ol className="sign-offs">
        {own.map((a) => (
          <SignOff key={a.id} approval={a} />
        ))}
      </ol>
    </section>
  );
}

function SignOff({ approval: a }: { approval: Approval }) {
  const { t } = useTranslation("rules");
  const { t: say } = useTranslation("approvals");
  const nameOf = useNameOf();
  const { stage, percent } = a.payload as Pick<StageAsked, "stage" | "percent">;
  return (
    <li data-state={a.state}>
      <span className="approval-state" data-state={a.state}>
        {say(`state.${a.state}`)}
      </span>
      <span>
        <strong>
          {t(`stage.ask.${stage}`)}
          {percent ? ` ${percent}%` : ""}
        </strong>{" "}
        {a.reason}
        <br />
        <small className="muted">
          {nameOf(a.requester)} · <When at={a.created_at} />
          {a.votes.map((v) => (
            <span key={v.voter}>
              {" "}
              · {say(v.approve ? "vote.agreed" : "vote.refused", { by: nameOf(v.voter) })} <When at={v.at} />
              {v.comment && v.comment !== a.reason && ` “${v.comment}”`}
            </span>
          ))}
        </small>
      </span>
      <VoteButtons approval={a} />
    </li>
  );
}
